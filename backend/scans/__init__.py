"""From files to studies: DICOM and pictures read, de-identified, windowed, brought to the grid, registered."""
