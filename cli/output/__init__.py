"""What the command line prints: lines, tables, progress, differences. Knows no command."""
