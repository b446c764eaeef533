"""The system as real processes while parts of it die, hang, lie or lose their memory, and what must hold afterwards."""
