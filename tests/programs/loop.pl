# A job that counts until it is told.
use strict;
use warnings;

$| = 1;
open my $ready, '>', 'ready' or die;
print $ready "$$\n";
close $ready;
my $i = 0;
my $verdict = 'ok';
until (-e 'enough') {
	$i++;
	print "v:$i\n" or $verdict = "$!";
	select undef, undef, undef, 0.0001;
}
open my $done, '>', 'done' or die;
print $done "$verdict\n";
