# Perl's DBD::Pg: placeholders, metadata of tables, COPY, asynchronous queries, arrays.

use strict;
use warnings;
use DBI;
use DBD::Pg qw(:pg_types :async);
use Data::Dumper;
use File::Basename;

$Data::Dumper::Terse = $Data::Dumper::Sortkeys = 1;
$Data::Dumper::Indent = 0;
$| = 1;

sub check {
    my ($name, $body) = @_;
    print "== $name\n";
    eval {
        local $SIG{ALRM} = sub { die "not done after 20 s\n" };
        alarm 20;
        $body->();
        alarm 0;
        1;
    } or do {
        alarm 0;
        (my $text = $@) =~ s/\s+/ /g;
        $text =~ s/ at \S+ line \d+\.?//;
        print "!! $text\n";
    };
}

sub show { print join(' ', map { Dumper($_) } @_), "\n" }

sub connected {
    my ($more, %options) = @_;
    return DBI->connect('dbi:Pg:dbname=' . $ENV{PGDATABASE} . ($more ? ";$more" : ''), undef, undef, { RaiseError => 1, PrintError => 0, PrintWarn => 0, AutoCommit => 1, %options });
}

sub fails {
    my ($db, $body) = @_;
    eval { $body->(); 1 } and print "!! nothing failed\n" and return;
    show($db->state, $db->errstr);
}

for my $mode (qw(disable require verify-full)) {
    check("connect sslmode=$mode", sub { show(connected("sslmode=$mode")->selectall_arrayref('SELECT current_user')) });
}
check('connect with wrong password', sub {
    eval { DBI->connect("dbi:Pg:dbname=$ENV{PGDATABASE}", 'postgres', 'wrong', { RaiseError => 1, PrintError => 0 }) };
    show($@ =~ /password authentication failed/ ? 1 : 0);
});

open my $types, '<:raw', dirname(__FILE__) . '/../types.tsv' or die $!;
while (my $line = <$types>) {
    chomp $line;
    my ($type, $literal) = split /\t/, $line;
    check("type $type $literal", sub {
        my $db = connected('', pg_enable_utf8 => 0);
        my $statement = $db->prepare("SELECT ?::$type AS v");
        $statement->execute($literal);
        show($statement->{TYPE}[0], $statement->{PRECISION}[0], $statement->{SCALE}[0], $statement->{pg_type}[0]);
        show($statement->fetchrow_arrayref);
    });
}

check('placeholders', sub {
    my $db = connected();
    show($db->selectrow_arrayref('SELECT $1::int + 1, $2::text, $1::text', undef, 41, "it's"));
    my $statement = $db->prepare('SELECT :a::int, :b');
    $statement->bind_param(':a', 1);
    $statement->bind_param(':b', 'x');
    $statement->execute;
    show($statement->fetchall_arrayref);
    my $bytes = $db->prepare('SELECT ?::bytea');
    $bytes->bind_param(1, "\x00\xff", { pg_type => PG_BYTEA });
    $bytes->execute;
    show(unpack 'H*', $bytes->fetchrow_arrayref->[0]);
});
check('arrays', sub { show(connected()->selectrow_arrayref('SELECT ?::int[], ?::text[]', undef, [1, undef, 3], ['a"b', 'c,d'])) });
check('transactions and savepoints', sub {
    my $db = connected();
    $db->do('CREATE TABLE tx (a int PRIMARY KEY)');
    $db->begin_work;
    $db->do('INSERT INTO tx VALUES (1)');
    $db->pg_savepoint('s');
    fails($db, sub { $db->do('INSERT INTO tx VALUES (1)') });
    $db->pg_rollback_to('s');
    $db->commit;
    show($db->selectcol_arrayref('SELECT a FROM tx'), $db->ping);
});
check('errors', sub {
    my $db = connected();
    for my $sql ('SELEC', 'SELECT * FROM nowhere', 'SELECT 1/0', q{SELECT 'x'::int}, 'INSERT INTO tx VALUES (1)', 'SELECT nothing(1)') {
        fails($db, sub { $db->do($sql) });
        show($db->pg_error_field('severity'), $db->pg_error_field('message_primary'), $db->pg_error_field('constraint_name'));
    }
});
check('prepared on the server', sub {
    my $db = connected();
    my $statement = $db->prepare('SELECT ?::int * 2', { pg_prepare_now => 1 });
    for my $n (1 .. 3) { $statement->execute($n); show($statement->fetchrow_arrayref) }
    show($statement->{NUM_OF_PARAMS}, $statement->{ParamTypes}, $statement->{pg_numbound});
});
check('rows, bulk inserts, last insert id', sub {
    my $db = connected();
    $db->do('CREATE TABLE keyed (id serial PRIMARY KEY, v text)');
    my $statement = $db->prepare('INSERT INTO keyed (v) VALUES (?)');
    show($statement->execute_array({}, ['a', 'b', 'c']));
    show($db->last_insert_id(undef, undef, 'keyed', undef), $db->do('UPDATE keyed SET v = v || v'));
    show($db->selectall_hashref('SELECT * FROM keyed', 'id'));
});
check('copy', sub {
    my $db = connected();
    $db->do('CREATE TABLE copied (a int, b text)');
    $db->do('COPY copied FROM STDIN');
    $db->pg_putcopydata("$_\tv$_\n") for 1 .. 3;
    $db->pg_putcopyend;
    $db->do('COPY copied TO STDOUT');
    my $row = '';
    while ($db->pg_getcopydata($row) >= 0) { show($row) }
});
check('asynchronous query and cancel', sub {
    my $db = connected();
    $db->do('SELECT pg_sleep(10)', { pg_async => PG_ASYNC });
    show($db->pg_cancel);
    my $statement = $db->prepare('SELECT 42', { pg_async => PG_ASYNC });
    $statement->execute;
    $statement->pg_result;
    show($statement->fetchrow_arrayref);
});
check('notifications', sub {
    my $db = connected();
    $db->do('LISTEN news');
    $db->do(q{NOTIFY news, 'hello'});
    my ($name, $pid, $payload) = @{ $db->pg_notifies };
    show($name, $payload, $pid == $db->{pg_pid} ? 1 : 0);
});

check('metadata: set up', sub {
    connected()->do(q{
        CREATE SCHEMA meta;
        CREATE TABLE meta.customer (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name varchar(40) NOT NULL UNIQUE, n numeric(5,2) DEFAULT 0, tags text[], at timestamptz);
        COMMENT ON TABLE meta.customer IS 'people'; COMMENT ON COLUMN meta.customer.name IS 'full name';
        CREATE TABLE meta.orders (id serial PRIMARY KEY, customer bigint NOT NULL REFERENCES meta.customer ON DELETE CASCADE);
        CREATE INDEX customer_lower ON meta.customer (lower(name));
        CREATE VIEW meta.names AS SELECT name FROM meta.customer;
    });
});
my %metadata = (
    table_info => [undef, 'meta', '%', undef],
    'table_info of types' => [undef, undef, 'c%', 'TABLE,VIEW'],
    column_info => [undef, 'meta', 'customer', '%'],
    primary_key_info => [undef, 'meta', 'customer'],
    foreign_key_info => [undef, 'meta', 'customer', undef, 'meta', 'orders'],
    statistics_info => [undef, 'meta', 'customer', 0, 1],
);
for my $name (sort keys %metadata) {
    check("metadata: $name", sub {
        my ($method) = $name =~ /^(\w+)/;
        my $statement = connected()->$method(@{ $metadata{$name} });
        show($statement->{NAME});
        # Pages and estimated rows of an index are the server's own matter.
        while (my $row = $statement->fetchrow_hashref) { delete @$row{qw(PAGES CARDINALITY pg_column pg_table)}; show($row) }
    });
}
check('metadata: primary_key, tables, type_info', sub {
    my $db = connected();
    show($db->primary_key(undef, 'meta', 'customer'), [$db->tables(undef, 'meta', '%', 'TABLE')], scalar @{ $db->type_info_all });
    show([$db->type_info(DBI::SQL_VARCHAR)]);
});
check('get_info', sub {
    my $db = connected();
    my %skip = map { $_ => 1 } (2, 6, 7, 16, 17, 18, 47);
    show(map { [$_, $db->get_info($_)] } grep { !$skip{$_} } 1 .. 169);
});
check('large objects', sub {
    my $db = connected();
    $db->begin_work;
    my $oid = $db->pg_lo_creat($db->{pg_INV_WRITE});
    my $handle = $db->pg_lo_open($oid, $db->{pg_INV_WRITE});
    show($db->pg_lo_write($handle, 'data', 4));
    $db->commit;
});
