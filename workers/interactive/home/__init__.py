"""The app's Home: what each person has to do, and the switches of themselves and of their lines."""
