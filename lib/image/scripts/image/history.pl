#!/usr/bin/env perl
# Build times from the run log. Prints one line for each mode: MODE RUNS MEAN LAST BUDGET, in seconds, with tabs between, and
# with a moment to split at: MODE RUNS-BEFORE MEAN-BEFORE RUNS-AFTER MEAN-AFTER.
# usage: history.pl LOG SPLIT MODE=BUDGET…     SPLIT: a time such as 2026-01-31T12:00, or nothing
use strict;
use warnings;

my ($log, $split, @budgets) = @ARGV;
my %budget = map { split /=/, $_, 2 } @budgets;
my (%runs, @order);
open my $in, '<', $log or exit 0;
while (<$in>) {
    # Lines of our own program, its keys in this order.
    my ($start) = /^\{"start":"([^"]+)"/ or next;
    my ($mode) = /"mode":"([^"]+)"/ or next;
    my ($ms) = /"ms":(\d+)/ or next;
    my ($outcome) = /"outcome":"([^"]*)"/ or next;
    next if /"dryRun":true/ || $outcome !~ /^(built|deployed)$/; # a run that had nothing to do says nothing of a build
    push @order, $mode unless $runs{$mode};
    push @{$runs{$mode}}, [$start, $ms / 1000];
}
sub mean { my $sum = 0; $sum += $_->[1] for @_; return @_ ? sprintf('%.1f', $sum / @_) : '-' }
for my $mode (sort @order) {
    my @all = @{$runs{$mode}};
    if ($split ne '') {
        my @before = grep { $_->[0] lt $split } @all;
        my @after = grep { $_->[0] ge $split } @all;
        print join("\t", $mode, scalar @before, mean(@before), scalar @after, mean(@after)), "\n";
    } else {
        print join("\t", $mode, scalar @all, mean(@all), sprintf('%.1f', $all[-1][1]), $budget{$mode} // '-'), "\n";
    }
}
