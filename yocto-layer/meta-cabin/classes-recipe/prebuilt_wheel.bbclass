# Installs a Python wheel that somebody else built. A recipe that inherits this says in a comment why it does.
#
#   WHEEL[any] / WHEEL[cp312], WHEEL[cp314]          file name, one for every Python or one each
#   WHEEL_SHA256[any] / WHEEL_SHA256[cp312] ...      its hash: a wheel without one is not built
#
# The wheel is looked for in DL_DIR, then under CABIN_WHEEL_MIRROR (one flat folder over https).

inherit python3-dir python_pep517

COMPATIBLE_HOST = "aarch64.*-linux"
WHEEL_PYTHON = "cp${@d.getVar('PYTHON_BASEVERSION').replace('.', '')}"
WHEEL_FOR = "${@'any' if d.getVarFlag('WHEEL', 'any') else d.getVar('WHEEL_PYTHON')}"
WHEEL_FILE = "${@d.getVarFlag('WHEEL', d.getVar('WHEEL_FOR')) or ''}"
WHEEL_HASH = "${@d.getVarFlag('WHEEL_SHA256', d.getVar('WHEEL_FOR')) or ''}"
# Flags are not followed by bitbake's signatures: without this another hash would fetch nothing again.
WHEEL_FILE[vardepvalue] = "${WHEEL_FILE}"
WHEEL_HASH[vardepvalue] = "${WHEEL_HASH}"

SRC_URI = "${CABIN_WHEEL_MIRROR}/${WHEEL_FILE};unpack=0;subdir=${BP};sha256sum=${WHEEL_HASH}"
S = "${UNPACKDIR}/${BP}"
PEP517_WHEEL_PATH = "${S}"

# nooelint: oelint.task.noanonpython - only here can a recipe be skipped with the mend
python () {
    if not d.getVar('WHEEL_FILE'):
        raise bb.parse.SkipRecipe("there is no wheel for %s; add WHEEL[%s] and its hash" % ((d.getVar('WHEEL_PYTHON'),) * 2))
    if len(d.getVar('WHEEL_HASH')) != 64:
        raise bb.parse.SkipRecipe("the wheel has no sha256; add WHEEL_SHA256[%s]" % d.getVar('WHEEL_FOR'))
    if not d.getVar('CABIN_WHEEL_MIRROR').startswith(('https://', 'http://')):
        raise bb.parse.SkipRecipe("CABIN_WHEEL_MIRROR must be https:// or http://, other fetchers check no sha256; "
                                  "or put the wheels into DL_DIR")
}

# The licence files lie inside the wheel.
python do_unpack:append() {
    import os, zipfile
    folder = d.getVar('S')
    with zipfile.ZipFile(os.path.join(folder, d.getVar('WHEEL_FILE'))) as wheel:
        wheel.extractall(folder)
}

do_configure[noexec] = "1"
do_compile[noexec] = "1"

# What others compiled is not stripped, split or searched for libraries: the wheel brings its own.
INHIBIT_PACKAGE_STRIP = "1"
INHIBIT_PACKAGE_DEBUG_SPLIT = "1"
INHIBIT_SYSROOT_STRIP = "1"
EXCLUDE_FROM_SHLIBS = "1"
# nooelint: oelint.vars.insaneskip - manylinux libraries are stripped and linked by their makers
INSANE_SKIP:${PN} += "already-stripped file-rdeps ldflags"

FILES:${PN} += "${PYTHON_SITEPACKAGES_DIR} ${datadir}"
RDEPENDS:${PN} += "libgcc libstdc++"
