# SPDX-License-Identifier: LGPL-2.1-or-later
libguestctl_a_SOURCES += \
	%D%/appliance.c %D%/appliance.h \
	%D%/image.c %D%/image.h \
	%D%/into.c %D%/into.h \
	%D%/keeper.c %D%/keeper.h \
	%D%/kernel.c %D%/kernel.h \
	%D%/listing.c %D%/listing.h \
	%D%/machine.c %D%/machine.h \
	%D%/place.c %D%/place.h \
	%D%/stream.c %D%/stream.h %D%/stream-frame.h \
	%D%/tree.c %D%/tree.h

# Runs in the appliance, where guestctl copies it to.
pkglibexec_PROGRAMS = guestctl-walk
guestctl_walk_SOURCES = %D%/inside/walk.c

# The scripts are part of guestctl, as text.
appliance_scripts = %D%/inside/build.sh.h %D%/inside/init.sh.h
BUILT_SOURCES += $(appliance_scripts)
CLEANFILES += $(appliance_scripts)
EXTRA_DIST += %D%/inside/build.sh %D%/inside/init.sh
%D%/image.$(OBJEXT): $(appliance_scripts)
%D%/inside/build.sh.h: %D%/inside/build.sh
	$(AM_V_GEN)$(MKDIR_P) $(@D) && sed 's/[\\"]/\\&/g; s/.*/"&\\n"/' $(srcdir)/host/files/inside/build.sh >$@.tmp && mv $@.tmp $@
%D%/inside/init.sh.h: %D%/inside/init.sh
	$(AM_V_GEN)$(MKDIR_P) $(@D) && sed 's/[\\"]/\\&/g; s/.*/"&\\n"/' $(srcdir)/host/files/inside/init.sh >$@.tmp && mv $@.tmp $@
