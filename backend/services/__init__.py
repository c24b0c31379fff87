"""Start, watch and stop the processes of one machine: broker, workers, scheduler, ML backend, pages, Label Studio."""
