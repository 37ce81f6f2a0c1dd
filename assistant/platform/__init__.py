"""The head unit: media, phone, navigation, D-Bus, systemd."""
