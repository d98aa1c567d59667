"""What is counted: read, remembered, served."""
