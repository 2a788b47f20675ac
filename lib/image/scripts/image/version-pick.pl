#!/usr/bin/env perl
# Reads tags, each in quotes, and prints the one that is the newest version in a range. Exit code 1: none is.
# usage: version-pick.pl RANGE
#   RANGE  ^3.0.0 (nothing incompatible), ~3.1.0 (3.1.*), >=3.0 <4, =3.1.0 or 3.1: all of these hold. Parts that are missing may be
#          anything. A version with a suffix, such as 3.1.0-rc.1, is in no range, and as a bound comes just before the one without.
#          Of 3.1.0 and v3.1.0 it is the first, in whichever order a registry lists them.
use strict;
use warnings;

sub compare {
    my ($one, $two) = @_;
    for my $i (0 .. $#$two) { return $one->[$i] <=> $two->[$i] if $one->[$i] != $two->[$i] }
    return 0;
}

# holds VERSION, SIGN, PARTS, SUFFIX: whether a version is in one part of the range.
sub holds {
    my ($version, $sign, $parts, $suffix) = @_;
    my $order = compare($version, $parts) || (defined $suffix ? 1 : 0);
    return $order == 0 if $sign eq '' || $sign eq '=';
    return $order > 0 if $sign eq '>';
    return $order >= 0 if $sign eq '>=';
    return $order < 0 if $sign eq '<';
    return $order <= 0 if $sign eq '<=';
    # ~ keeps two parts, or the one there is; ^ keeps all up to the first that is not 0.
    my $kept = @$parts > 1 ? 2 : 1;
    if ($sign eq '^') { ($kept) = grep { $parts->[$_ - 1] != 0 || $_ == @$parts } 1 .. @$parts }
    return $order >= 0 && compare($version, [@$parts[0 .. $kept - 1]]) == 0;
}

my @wanted;
while ($ARGV[0] =~ /(\^|~|[<>]=?|=)?\s*v?(\d+(?:\.\d+){0,2})(?:(-[0-9A-Za-z.-]+)|\+[0-9A-Za-z.-]+)?/g) { push @wanted, [$1 // '', [split(/\./, $2)], $3] }
my ($tag, $newest);
while (<STDIN>) {
    while (/"(v?(\d+)\.(\d+)\.(\d+))"/g) {
        my ($name, $version) = ($1, [$2, $3, $4]);
        next if grep { !holds($version, @$_) } @wanted;
        my $order = defined $newest ? compare($version, $newest) : 1;
        ($tag, $newest) = ($name, $version) if $order > 0 || ($order == 0 && $name !~ /^v/);
    }
}
exit 1 unless defined $tag;
print "$tag\n";
