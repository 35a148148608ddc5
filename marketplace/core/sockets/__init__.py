"""WebSockets: connections, the one listener of a process, messages from anywhere, database work beside the loop."""
