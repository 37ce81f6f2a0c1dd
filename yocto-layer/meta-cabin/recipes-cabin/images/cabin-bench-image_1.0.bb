SUMMARY = "A bench for Cabin on qemuarm64"
DESCRIPTION = "Boots to the assistant with a broker for its orders and a tool to record and play; not for a car."
HOMEPAGE = "https://cabin.invalid"
BUGTRACKER = "https://cabin.invalid"
SECTION = "images"
LICENSE = "MIT"
# nooelint: oelint.var.licenseremotefile - nothing is fetched that could carry one
LIC_FILES_CHKSUM = "file://${COMMON_LICENSE_DIR}/MIT;md5=0835ade698e0bcf8506ecda2f7b4f302"

inherit core-image

COMPATIBLE_MACHINE = "qemuarm64"
REQUIRED_DISTRO_FEATURES = "systemd"

IMAGE_FEATURES += "ssh-server-dropbear"
IMAGE_INSTALL += "\
    mosquitto \
    packagegroup-cabin \
    python3-pytest \
"
IMAGE_ROOTFS_EXTRA_SPACE = "262144"
