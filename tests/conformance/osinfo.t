# guest-get-osinfo with files of our own, by way of QGA_OS_RELEASE.
# Values follow the quoting of the shell; the reference reads them its own way.

@local "(kernel-release|kernel-version|machine)": "[^"]*" -> "\1": "(local)"

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| ID=x
| NAME=Name
| PRETTY_NAME=Pretty
| VERSION=1.2
| VERSION_ID=1
| VARIANT=Server
| VARIANT_ID=server
== all seven members, plain
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "Name", "kernel-release": "(local)", "version": "1.2", "variant": "Server", "pretty-name": "Pretty", "version-id": "1", "variant-id": "server", "kernel-version": "(local)", "machine": "(local)", "id": "x"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| ID="x"
| NAME="A Name"
| PRETTY_NAME="A Pretty Name 1.2 (Code)"
| VERSION="1.2 (Code)"
| VERSION_ID="1.2"
| VARIANT="The Variant"
| VARIANT_ID="the-variant"
== double quotes
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "A Name", "kernel-release": "(local)", "version": "1.2 (Code)", "variant": "The Variant", "pretty-name": "A Pretty Name 1.2 (Code)", "version-id": "1.2", "variant-id": "the-variant", "kernel-version": "(local)", "machine": "(local)", "id": "x"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| ID='x'
| NAME='A Name'
| PRETTY_NAME='Pretty'
| VERSION='it is 1; 2'
| VERSION_ID='1.2'
== single quotes
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "'A", "kernel-release": "(local)", "version": "'it", "pretty-name": "'Pretty'", "version-id": "'1.2'", "kernel-version": "(local)", "machine": "(local)", "id": "'x'"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME='Name'
== single quotes without blanks
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "'Name'", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME='a'\''b'
== a single quote inside single quotes
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "'a'\\''b'", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME='a\b\"c'
== single quotes and a backslash
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "'a\\b\\\"c'", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME=''
== single quotes, empty
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "''", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME='abc
== a single quote that is not closed
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "'abc", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME=
| ID=""
== an empty value
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)", "id": ""}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME="a\$b\`c\"d\'e\\f"
== escapes in double quotes: dollar, backtick, quotes, backslash
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "a$b`c\"d'e\\f", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME="a\nb\tc\xd"
== other backslashes in double quotes are kept
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "a\\nb\\tc\\xd", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME="abc\\"
== a backslash at the end of double quotes
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "abc\\", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME="abc\"
| ID=y
== an escaped quote at the end
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "abc\"\\\"", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)", "id": "y"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME="abc
| ID=y
== double quotes that are not closed
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "abcc", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)", "id": "y"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME="abc"def
| ID="x" # comment
== text behind the closing quote
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "abc", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)", "id": "x"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME="abc""def"
== two quoted parts
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "abc", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME="it's"
== single quotes in double quotes
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "it's", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME='say "a"'
== double quotes in single quotes
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "'say", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME=A Name
== an unquoted value is cut at a blank
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "A", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME=a;b c
== an unquoted value is cut at a semicolon
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "a", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME=abc # def
== an unquoted value with a comment behind it
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "abc", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME=a#b
== an unquoted value with a hash
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "a#b", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME=a\$b\\c\"d
== an unquoted value with escapes
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "a\\$b\\\\c\\\"d", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME=a"b c"d
== an unquoted value with a quote inside
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "a\"b", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME=a=b
== an unquoted value with an equals sign
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "a=b", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME=a\x09b
== an unquoted value with a TAB
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "a\tb", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME = Name
| ID= x
| VERSION =1
== blanks around the equals sign
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "Name", "kernel-release": "(local)", "version": "1", "kernel-version": "(local)", "machine": "(local)", "id": "x"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
|   NAME=Name
| \x09ID=x
== blanks at the start of a line
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "Name", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)", "id": "x"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME=Name\x20\x20
| ID="x"\x20\x20
== blanks at the end of a line
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "Name", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)", "id": "x"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| # comment
|
| NAME=Name
|    # another
|
| ID=x
== comments and empty lines
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "Name", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)", "id": "x"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| ; comment
| NAME=Name
== a comment with a semicolon
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME=First
| NAME=Second
== the last of two wins
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "Second", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME=Name
| this is no assignment
| ID=x
== a line without an equals sign
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME=Name
| =x
| ID=y
== a line with only an equals sign
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| export NAME=Name
| ID=x
== an export
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)", "id": "x"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| name=Name
| Id=x
| ID=y
== keys in lower case do not count
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)", "id": "y"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| HOME_URL="https://example.org/"
| NAME=Name
| X_KEY=1
== unknown keys
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "Name", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME[de]=Deutsch
| NAME=Name
== a key with a locale
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "Name", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| [other]
| NAME=Name
== a group header
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME=Name
| [other]
| ID=x
| NAME=Other
== a group header further down
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "Name", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME=Name\x0D
| ID="x"\x0D
== CR LF line ends
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "Name", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)", "id": "x"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME="Näme €😀"
| ID=é
== UTF-8
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "N\u00E4me \u20AC\uD83D\uDE00", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)", "id": "\u00E9"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME="a\xFFb"
| ID=x
== malformed UTF-8
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| HOME_URL="\xC3"
| NAME=Name
== malformed UTF-8 in another key
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| \xEF\xBB\xBFNAME=Name
| ID=x
== a byte order mark
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)", "id": "x"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME=a\x00b
| ID=x
== a zero byte
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "a", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME="a\x01b\x1Fc\x7F"
== control characters
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "a\u0001b\u001Fc\u007F", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME="a\sb"
| ID=a\sb
== key file escapes are not read
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "a\\sb", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)", "id": "a\\sb"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME="a\qb"
| ID=x
== an invalid key file escape
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "a\\qb", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)", "id": "x"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME="$HOME"
| ID=$HOME
== a dollar sign
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "$HOME", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)", "id": "$HOME"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
| NAME="aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
== a very long value
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"name": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
@file os-release
== an empty file
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)"}}

@options
@env QGA_OS_RELEASE=$DIR/os-release
== a file that does not exist
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)"}}

@options
@env QGA_OS_RELEASE=$DIR
== a directory
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)"}}

@options
@env QGA_OS_RELEASE=
== an empty QGA_OS_RELEASE
@wait 1
> {"execute":"guest-get-osinfo"}
< {"return": {"kernel-release": "(local)", "kernel-version": "(local)", "machine": "(local)"}}
