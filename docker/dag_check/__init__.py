"""What runs inside Airflow's own Python to ask it about DAGs and settings; the deployer starts it and reads its JSON.

It works with every Airflow from 3.0 on, whichever an environment has; it is not part of the image.
"""
