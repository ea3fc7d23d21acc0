"""What a post file is: find, read, date, clean, parse. Pure: no storage, no network, no clock."""
