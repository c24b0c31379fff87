"""How two sealed readings relate."""
