"""What a plan asks for is read, parsed, made into batches and loaded. Nothing is planned here."""
