#!/usr/bin/env perl
# Reads what KEYS names from a CONFIG file: YAML, of which only mappings, lists of words, quoted texts and comments are understood.
# There, everything else is refused, with its line, because a reader that guesses would deploy something else than was meant. The
# rest of the file is for others and may be any YAML; but a key that only just misses one of ours is refused.
# usage: config-read.pl KEYS FILE
#   KEYS  lines of KEY, TYPE (string, boolean, strings), GROUP or nothing, PATTERN and WORDS, with tabs between; of the keys of a
#         group, one must be there
# Prints KEY<tab>VALUE, one line for each value. Exit code 2, and every fault on standard error, when something is wrong.
use strict;
use warnings;

my ($keys_file, $file) = @ARGV;
my (%keys, %parents, @order, @faults, %values, %seen);
open my $in, '<', $keys_file or die "$keys_file: $!\n";
while (<$in>) {
    chomp;
    my ($key, $type, $group, $pattern, $words) = split /\t/, $_, 5;
    $keys{$key} = {type => $type, group => $group, pattern => $pattern, words => $words};
    push @order, $key;
    my $parent = $key;
    $parents{$parent} = 1 while $parent =~ s/\.[^.]+$//;
}
close $in;

sub fault { push @faults, [$_[0], $_[1]] }

my $text = do {
    local $/;
    open my $config, '<', $file or die "$file: $!\n";
    <$config>;
} // '';
fault(1, 'this is not text') if $text =~ /\0/;
my $number = 0;
my @open; # [indent, path] of the mappings that we are in
my $list; # [indent or undef, path] of the list that may come
my $pending; # [indent, path, line] of a key without a value so far
my $skip; # indent of a key that is none of ours, while we are in its value

# A scalar as it is written; its text and whether it was quoted.
sub scalar_of {
    my ($raw, $line) = @_;
    if ($raw =~ /^"((?:[^"\\]|\\.)*)"\s*(?:#.*)?$/) {
        my $inner = $1;
        my %escapes = ('"' => '"', '\\' => '\\', '/' => '/', n => "\n", t => "\t");
        my $bad;
        $inner =~ s/\\(.)/exists $escapes{$1} ? $escapes{$1} : do { $bad = $1; '' }/ge;
        fault($line, "the escape \\$bad is not understood; allowed: \\\" \\\\ \\n \\t") if defined $bad;
        return ($inner, 1);
    }
    if ($raw =~ /^'((?:[^']|'')*)'\s*(?:#.*)?$/) {
        (my $inner = $1) =~ s/''/'/g;
        return ($inner, 1);
    }
    $raw =~ s/\s+#.*$//;
    $raw =~ s/\s+$//;
    if ($raw =~ /^["']/) { fault($line, 'a quote is not closed, or something follows it') }
    elsif ($raw =~ /^[\[{]/) { fault($line, "lists and mappings in one line are not understood; write one item a line") }
    elsif ($raw =~ /^[|>]/) { fault($line, 'texts of several lines are not understood') }
    elsif ($raw =~ /^[&*!]/) { fault($line, 'anchors, aliases and tags are not understood; quote the text if it is one') }
    elsif ($raw =~ /^[\@`%]/) { fault($line, 'a text that begins with ' . substr($raw, 0, 1) . ' must be quoted') }
    elsif ($raw =~ /:(\s|$)/) { fault($line, 'a text with ": " in it must be quoted') }
    else { return ($raw, 0) }
    return;
}

# The one of ours that a name was most likely meant to be: the same in another spelling, or a letter or two off.
sub nearest {
    my ($word, @known) = @_;
    my ($best, $least);
    for my $each (@known) {
        my ($one, $two) = map { my $plain = lc; $plain =~ tr/_-//d; $plain } $word, $each;
        my $distance = distance($one, $two);
        ($best, $least) = ($each, $distance) if $distance <= (length $two > 4 ? 2 : 1) && $distance < ($least // 3);
    }
    return $best;
}

sub distance {
    my @one = split //, shift;
    my @two = split //, shift;
    my @row = 0 .. @two;
    for my $i (1 .. @one) {
        my @next = $i;
        for my $j (1 .. @two) {
            my $least = $row[$j - 1] + ($one[$i - 1] ne $two[$j - 1]);
            for ($row[$j] + 1, $next[$j - 1] + 1) { $least = $_ if $_ < $least }
            push @next, $least;
        }
        @row = @next;
    }
    return $row[-1];
}

sub take {
    my ($path, $raw, $line, $item) = @_;
    my $key = $keys{$path} or return;
    my ($value, $quoted) = scalar_of($raw, $line);
    return unless defined $value;
    return if !$item && !$quoted && $value =~ /^(?:null|Null|NULL|~)$/;
    my $wants = $item ? 'strings' : $key->{type};
    if (!$item && $key->{type} eq 'strings') { return fault($line, "$path: got \"$value\"; allowed: a list, one \"- …\" a line") }
    if ($item && $key->{type} ne 'strings') { return fault($line, "$path: got a list; allowed: $key->{words}") }
    if ($wants eq 'boolean') {
        return fault($line, "$path: got " . ($quoted ? "the text \"$value\"" : $value) . '; allowed: true or false')
            if $quoted || $value !~ /^(true|false)$/;
    } else {
        return fault($line, "$path: got $value, which YAML does not take for a text; quote it: \"$value\"")
            if !$quoted && $value =~ /^(?:true|false|yes|no|on|off|null|~|[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:e[-+]?\d+)?|0[xo][\da-f]+|[-+]?\.(?:inf|nan)|\d+(?::\d+)+|\d{4}-\d\d?-\d\d?.*)$/i;
        return fault($line, "$path: got \"$value\"; allowed: $key->{words}")
            if $value =~ /[\t\n]/ || $value !~ /$key->{pattern}/;
    }
    push @{$values{$path}}, $value;
}

sub close_pending {
    return unless $pending;
    my ($indent, $path, $line) = @$pending;
    fault($line, "$path: has no value; allowed: a mapping") if $parents{$path};
    undef $pending;
}

for my $row (split /\r?\n/, $text) {
    $number++;
    $row =~ s/^\x{FEFF}|^\xEF\xBB\xBF// if $number == 1;
    next if $row =~ /^\s*(#.*)?$/;
    if (defined $skip) {
        my ($space) = $row =~ /^( *)/;
        next if length $space > $skip || $row =~ /^ {$skip}(?:-(?:\s|$)|[\]}])/;
        undef $skip;
    }
    if ($row =~ /^---\s*(#.*)?$/ && !%seen) { next }
    if ($row =~ /^(---|\.\.\.)(\s|$)/) { fault($number, 'only one document a file'); last }
    if ($row =~ /^%/) { fault($number, 'directives are not understood'); next }
    my ($space, $rest) = $row =~ /^(\s*)(.*)$/;
    if ($space =~ /\t/) { fault($number, 'tabs cannot indent; use spaces'); next }
    my $indent = length $space;
    if ($rest =~ /^-(\s+(.*))?$/) {
        my $item = $2 // '';
        if ($pending && $indent >= $pending->[0]) {
            $list = [$indent, $pending->[1]];
            $seen{"$list->[1]\0list"} = 1;
            undef $pending;
        }
        if (!$list || $list->[0] != $indent) { fault($number, 'a list item that is not below a key'); next }
        if ($item =~ /^\s*(#.*)?$/) { fault($number, "$list->[1]: an item without a value"); next }
        if ($item =~ /^[\w.-]+:(\s|$)/ || $item =~ /^-\s/) { fault($number, "$list->[1]: lists hold words, not lists or mappings"); next }
        if ($parents{$list->[1]} && !$keys{$list->[1]}) { fault($number, "$list->[1]: got a list; allowed: a mapping"); next }
        take($list->[1], $item, $number, 1);
        next;
    }
    undef $list;
    my ($name, $value);
    unless ((undef, $name, $value) = $rest =~ /^(["']?)([A-Za-z_\$][\w.\/\$-]*)\1\s*:(?:\s+(.*))?$/) { fault($number, 'this is neither "key: value" nor "- item"'); next }
    $value //= '';
    $value = '' if $value =~ /^#/;
    if ($pending && $indent > $pending->[0] && $keys{$pending->[1]}) {
        my ($outer, $path, $line) = @$pending;
        fault($line, "$path: got a mapping; allowed: $keys{$path}{words}") if $keys{$path}{type} ne 'strings';
        undef $pending;
        $skip = $outer;
        next;
    }
    if ($pending && $indent > $pending->[0]) {
        push @open, [$indent, $pending->[1]];
        undef $pending;
    } else {
        close_pending();
        pop @open while @open && $open[-1][0] > $indent;
        if ((@open ? $open[-1][0] : 0) != $indent) { fault($number, "$name: indented like none of the lines above"); next }
    }
    my $parent = @open ? $open[-1][1] : '';
    my $path = $parent eq '' ? $name : "$parent.$name";
    if ($seen{$path}++) { fault($number, "$path: is there already"); next }
    if (!$keys{$path} && !$parents{$path}) {
        my @siblings = map { $parent eq '' ? $_ : index($_, "$parent.") == 0 ? substr $_, length($parent) + 1 : () } @order;
        s/\..*// for @siblings;
        my $meant = nearest($name, @siblings);
        fault($number, "$path: unknown key; did you mean \"$meant\"?") if defined $meant;
        $skip = $indent;
        next;
    }
    if ($value eq '') { $pending = [$indent, $path, $number]; next }
    if ($parents{$path}) { fault($number, "$path: got a value; allowed: a mapping, one key a line"); next }
    if ($keys{$path}{type} eq 'strings' && $value =~ /^\{/) { $skip = $indent; next }
    if ($keys{$path}{type} eq 'strings' && $value =~ /^\[([^\[\]{}#]*)\]\s*(?:#.*)?$/) {
        take($path, $_, $number, 1) for grep { $_ ne '' } map { s/^\s+|\s+$//gr } split /,/, $1;
        next;
    }
    take($path, $value, $number, 0);
}
close_pending();
my %groups;
push @{$groups{$keys{$_}{group}}}, $_ for grep { $keys{$_}{group} ne '' } @order;
for my $group (sort keys %groups) {
    my @members = @{$groups{$group}};
    next if grep { my $key = $_; $values{$key} || grep { $_->[1] =~ /^\Q$key\E:/ } @faults } @members;
    fault($number || 1, join(' or ', @members) . ": missing; allowed: $keys{$members[0]}{words}");
}
if (@faults) {
    print STDERR "$file:$_->[0]: $_->[1]\n" for sort { $a->[0] <=> $b->[0] } @faults;
    exit 2;
}
for my $key (@order) { print "$key\t$_\n" for @{$values{$key} // []} }
