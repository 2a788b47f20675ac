# shellcheck shell=bash disable=SC2034
# The context of an image that is not in git: every file but what .dockerignore names, by the engines' own rules. Perl, which
# git needs too, because a shell cannot walk a tree with such patterns at a bearable speed.

# context_tree_plain: CONTEXT_TREE = hash over modes, paths, link targets and contents; the paths go to a list.
context_tree_plain() {
  CONTEXT_KIND=plain CONTEXT_NESTED=()
  has perl || die 2 "perl is needed for a context outside of git" "install perl, or put $CONTEXT_DIR under git"
  local only='' each own=$CONTAINERFILE
  for each in ${INPUTS[@]+"${INPUTS[@]}"}; do only="$only$each"$'\n'; done
  [ -z "$GENERATED" ] || own=''
  CONTEXT_TREE=$(CONTEXT=$CONTEXT_DIR CONTAINERFILE=$own ENGINE=$ENGINE NARROW=$NARROW INPUTS=$only perl -e "$PLAIN_WALK" 3>"$CONTEXT_INDEX.list") \
    || die 2 "the context $CONTEXT_DIR cannot be read"
}

context_list_plain() { cat -- "$CONTEXT_INDEX.list"; }

# shellcheck disable=SC2016 # Perl's variables
PLAIN_WALK='
use strict; use warnings;
eval { require Digest::SHA; 1 } or do { print STDERR "Perl lacks Digest::SHA (package perl-Digest-SHA)\n"; exit 1 };
my ($top, $containerfile, $engine) = @ENV{qw(CONTEXT CONTAINERFILE ENGINE)};
open(my $list, ">&=", 3) or die "$!\n";
binmode STDOUT; binmode $list;

# The first of the files that the engine would read.
my @names = ("$containerfile.dockerignore", ".dockerignore");
@names = ("$containerfile.containerignore", "$containerfile.dockerignore", ".containerignore", ".dockerignore") if $engine eq "podman";
my ($rules) = grep { -f "$top/$_" } @names;
my (@rules, $exceptions);
if (defined $rules) {
  open(my $in, "<", "$top/$rules") or die "$rules: $!\n";
  my $first = 1;
  while (my $line = <$in>) {
    $line =~ s/^\xEF\xBB\xBF// if $first; $first = 0;
    next if $line =~ /^#/;
    $line =~ s/^\s+|\s+$//g;
    next if $line eq "";
    my $keep = $line =~ s/^!\s*//;
    $line = clean($line);
    next if $line eq "." || $line eq "";
    $exceptions = 1 if $keep;
    push @rules, [$keep, regex($line)];
  }
}

# As filepath.Clean, and without the leading slash: patterns start at the top of the context.
sub clean {
  my @parts;
  for my $part (split m{/}, $_[0]) {
    next if $part eq "" || $part eq ".";
    if ($part eq ".." ) { pop @parts; next }
    push @parts, $part;
  }
  return join "/", @parts;
}

sub regex {
  my @chars = split //, $_[0];
  my $out = "";
  while (@chars) {
    my $char = shift @chars;
    if ($char eq "*") {
      if (@chars && $chars[0] eq "*") {
        shift @chars;
        shift @chars if @chars && $chars[0] eq "/";
        $out .= @chars ? "(?:.*/)?" : ".*";
      } else { $out .= "[^/]*" }
    }
    elsif ($char eq "?") { $out .= "[^/]" }
    elsif ($char eq "\\") { $out .= quotemeta(@chars ? shift @chars : "\\") }
    elsif ($char eq "[") {
      my $set = "";
      while (@chars && $chars[0] ne "]") { $set .= shift @chars }
      if (@chars) { shift @chars; $out .= "[$set]" } else { $out .= "\\[" . quotemeta $set }
    }
    else { $out .= quotemeta $char }
  }
  return qr/\A(?:$out)\z/s;
}

# The last rule that matches the path, or a directory above it, decides.
sub ignored {
  my @parts = split m{/}, $_[0];
  my @paths = map { join "/", @parts[0 .. $_] } 0 .. $#parts;
  my $ignored = 0;
  for my $rule (@rules) {
    my ($keep, $regex) = @$rule;
    next if $ignored xor $keep; # would change nothing
    $ignored = !$keep if grep { $_ =~ $regex } @paths;
  }
  return $ignored;
}

# Whether a path counts, and whether one below it does.
my @inputs = split /\n/, $ENV{INPUTS};
sub counts {
  my $path = $_[0];
  return !$ENV{NARROW} || $path eq $containerfile || grep { $path eq $_ || index($path, "$_/") == 0 } @inputs;
}
sub leads { my $path = $_[0]; return !$ENV{NARROW} || grep { index($_, "$path/") == 0 } $containerfile, @inputs }

my %always = map { $_ => 1 } $containerfile, grep { -f "$top/$_" } @names;
my $sum = Digest::SHA->new(256);
my $count = 0;
sub take {
  my ($path, $kind, $value) = @_;
  $sum->add(length($path), " $path\0$kind ", length($value), " $value\0");
  print $list "./$path\0";
}
sub walk {
  my $directory = $_[0];
  opendir(my $handle, $directory eq "" ? $top : "$top/$directory") or die "$directory: $!\n";
  my @names = sort grep { $_ ne "." && $_ ne ".." } readdir $handle;
  closedir $handle;
  for my $name (@names) {
    # Never a repository, nor what our programs keep here (the run log grows with every run).
    next if $name eq ".git" || $name eq ".gantry";
    my $path = $directory eq "" ? $name : "$directory/$name";
    my $counts = counts($path);
    next unless $counts || leads($path);
    my $out = !$counts || !$always{$path} && ignored($path);
    lstat "$top/$path" or next;
    if (-d _) {
      my $inside = grep { index($_, "$path/") == 0 } keys %always;
      next if $counts && $out && !$exceptions && !$inside;
      take($path, "directory", "") unless $out;
      walk($path);
    }
    elsif ($out) { next }
    elsif (-l _) { take($path, "link", readlink "$top/$path"); $count++ }
    elsif (-f _) {
      my $mode = (stat _)[2] & 0100 ? "program" : "file";
      my $content = Digest::SHA->new(256);
      eval { $content->addfile("$top/$path", "b"); 1 } or die "$path: $!\n";
      take($path, $mode, $content->hexdigest); $count++;
    }
    # Sockets, pipes and devices are no part of an image.
  }
}
walk("");
$count > 0 or die "nothing is left of it\n";
print $sum->hexdigest;
'
