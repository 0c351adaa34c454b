"""What one run leaves in the internal folder for another: files that wait, reruns that are asked for, texts that are held back, and how long all that is kept."""
