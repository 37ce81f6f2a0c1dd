"""What runs inside the guest: a program that does the steps the host asks for, with the installed Cabin around it."""
