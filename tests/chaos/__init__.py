"""The system as real processes while parts of it die, hang, lie or lose data, and what must hold afterwards."""
