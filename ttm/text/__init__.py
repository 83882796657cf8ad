"""What was written becomes what is spoken, with the way back kept."""
