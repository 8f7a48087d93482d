"""The work of a project: tasks with their days, which the roadmap lists and the cost model pays for."""
