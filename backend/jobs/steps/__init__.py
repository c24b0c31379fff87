"""The corridor: plain functions that chain rooms, called by the command, the tasks and the training child."""
