// Checks of Go's lib/pq through database/sql: types, transactions, COPY, listeners, errors.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/lib/pq"
)

func check(name string, body func(db *sql.DB) error) {
	checkWith(name, "sslmode=disable", body)
}

func checkWith(name, options string, body func(db *sql.DB) error) {
	fmt.Println("==", name)
	db, err := sql.Open("postgres", options)
	if err == nil {
		defer db.Close()
		err = body(db)
	}
	if err != nil {
		fmt.Println("!!", describe(err))
	}
}

func describe(err error) string {
	var e *pq.Error
	if errors.As(err, &e) {
		return fmt.Sprintf("%s %s %q %q pos=%s table=%s column=%s constraint=%s", e.Severity, e.Code, e.Message, e.Detail, e.Position, e.Table, e.Column, e.Constraint)
	}
	return strings.Join(strings.Fields(err.Error()), " ")
}

// fails prints how something failed that must.
func fails(err error) error {
	if err == nil {
		return errors.New("nothing failed")
	}
	fmt.Println(describe(err))
	return nil
}

func query(db interface {
	Query(string, ...any) (*sql.Rows, error)
}, statement string, arguments ...any) error {
	rows, err := db.Query(statement, arguments...)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.ColumnTypes()
	if err != nil {
		return err
	}
	for _, c := range columns {
		length, hasLength := c.Length()
		precision, scale, hasScale := c.DecimalSize()
		fmt.Println(c.Name(), c.DatabaseTypeName(), c.ScanType(), length, hasLength, precision, scale, hasScale)
	}
	for rows.Next() {
		values := make([]any, len(columns))
		targets := make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		for _, v := range values {
			if b, ok := v.([]byte); ok {
				v = string(b)
			}
			fmt.Printf("%T %+q; ", v, fmt.Sprint(v))
		}
		fmt.Println()
	}
	return rows.Err()
}

func exec(db interface {
	Exec(string, ...any) (sql.Result, error)
}, statements ...string) error {
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	for _, mode := range []string{"disable", "require", "verify-full"} {
		checkWith("connect sslmode="+mode, "sslmode="+mode+" sslrootcert="+os.Getenv("PGSSLROOTCERT"), func(db *sql.DB) error {
			return query(db, "SELECT current_user")
		})
	}
	checkWith("connect with wrong password", "sslmode=disable password=wrong", func(db *sql.DB) error { return fails(db.Ping()) })
	checkWith("connect with settings", "sslmode=disable search_path=x,y application_name=compat statement_timeout=4321", func(db *sql.DB) error {
		return query(db, "SELECT current_setting('search_path'), current_setting('application_name'), current_setting('statement_timeout')")
	})
	types()
	statements()
	sessions()
}

func types() {
	data, err := os.ReadFile("types.tsv")
	if err != nil {
		panic(err)
	}
	for _, line := range strings.Split(strings.TrimRight(string(data), "\n"), "\n") {
		name, literal, _ := strings.Cut(line, "\t")
		check("type "+name+" "+literal, func(db *sql.DB) error {
			return query(db, "SELECT $1::"+name+" AS v", literal)
		})
		checkWith("binary parameters "+name+" "+literal, "sslmode=disable binary_parameters=yes", func(db *sql.DB) error {
			return query(db, "SELECT $1::"+name+" AS v, ($1::"+name+")::text", literal)
		})
	}
	check("values of Go", func(db *sql.DB) error {
		moment := time.Date(2024, 2, 29, 12, 0, 0, 123456000, time.UTC)
		return query(db, "SELECT $1::int8, $2::float8, $3::text, $4::bool, $5::bytea, $6::timestamptz, $7::int[], $8::text[]", int64(1), 1.5, "it's", true, []byte{0, 255}, moment, pq.Array([]int{1, 2}), pq.Array([]string{"a,b", `c"d`}))
	})
	check("scan into arrays and nulls", func(db *sql.DB) error {
		var ints pq.Int64Array
		var null sql.NullString
		var moment pq.NullTime
		if err := db.QueryRow("SELECT ARRAY[1, 2, 3], NULL::text, now() - now() + timestamptz '2024-02-29 12:00Z'").Scan(&ints, &null, &moment); err != nil {
			return err
		}
		fmt.Println(ints, null.Valid, moment.Time.UTC())
		return nil
	})
}

func statements() {
	check("prepared statements", func(db *sql.DB) error {
		s, err := db.Prepare("SELECT $1::int * 2")
		if err != nil {
			return err
		}
		defer s.Close()
		for n := 0; n < 3; n++ {
			var twice int
			if err := s.QueryRow(n).Scan(&twice); err != nil {
				return err
			}
			fmt.Println(twice)
		}
		return fails(s.QueryRow("x").Scan(new(int)))
	})
	check("transactions", func(db *sql.DB) error {
		if err := exec(db, "CREATE TABLE tx (a int PRIMARY KEY)"); err != nil {
			return err
		}
		tx, err := db.BeginTx(context.Background(), &sql.TxOptions{Isolation: sql.LevelSerializable})
		if err != nil {
			return err
		}
		if err := exec(tx, "INSERT INTO tx VALUES (1)", "SAVEPOINT s"); err != nil {
			return err
		}
		if err := fails(exec(tx, "INSERT INTO tx VALUES (1)")); err != nil {
			return err
		}
		if err := exec(tx, "ROLLBACK TO SAVEPOINT s"); err != nil {
			return err
		}
		if err := tx.Commit(); err != nil {
			return err
		}
		return query(db, "SELECT * FROM tx")
	})
	check("read-only transaction", func(db *sql.DB) error {
		tx, err := db.BeginTx(context.Background(), &sql.TxOptions{ReadOnly: true})
		if err != nil {
			return err
		}
		defer tx.Rollback()
		return fails(exec(tx, "INSERT INTO tx VALUES (2)"))
	})
	check("errors", func(db *sql.DB) error {
		for _, s := range []string{"SELEC", "SELECT * FROM nowhere", "SELECT 1/0", "SELECT 'x'::int", "INSERT INTO tx VALUES (1)", "INSERT INTO tx VALUES (NULL)", "SELECT nothing(1)"} {
			if err := fails(exec(db, s)); err != nil {
				return err
			}
		}
		return fails(query(db, "SELECT $1::int", "x"))
	})
	check("rows affected and returning", func(db *sql.DB) error {
		if err := exec(db, "CREATE TABLE keyed (id serial PRIMARY KEY, v text)"); err != nil {
			return err
		}
		result, err := db.Exec("INSERT INTO keyed (v) SELECT generate_series(1, 10)")
		if err != nil {
			return err
		}
		fmt.Println(result.RowsAffected())
		return query(db, "INSERT INTO keyed (v) VALUES ($1) RETURNING id, v", "x")
	})
	check("several result sets", func(db *sql.DB) error {
		rows, err := db.Query("SELECT 1; SELECT 2, 3")
		if err != nil {
			return err
		}
		defer rows.Close()
		for more := true; more; more = rows.NextResultSet() {
			columns, _ := rows.Columns()
			for rows.Next() {
				fmt.Println(len(columns))
			}
		}
		return rows.Err()
	})
}

func sessions() {
	check("copy in", func(db *sql.DB) error {
		if err := exec(db, "CREATE TABLE copied (a int, b text)"); err != nil {
			return err
		}
		tx, err := db.Begin()
		if err != nil {
			return err
		}
		s, err := tx.Prepare(pq.CopyIn("copied", "a", "b"))
		if err != nil {
			return err
		}
		for n := 0; n < 1000; n++ {
			if _, err := s.Exec(n, fmt.Sprintf("tab\t%d", n)); err != nil {
				return err
			}
		}
		if _, err := s.Exec(); err != nil {
			return err
		}
		if err := s.Close(); err != nil {
			return err
		}
		if err := tx.Commit(); err != nil {
			return err
		}
		return query(db, "SELECT count(*), max(b) FROM copied")
	})
	check("cancel by context", func(db *sql.DB) error {
		ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
		defer cancel()
		_, err := db.ExecContext(ctx, "SELECT pg_sleep(10)")
		return fails(err)
	})
	check("listener", func(*sql.DB) error {
		listener := pq.NewListener("sslmode=disable", time.Second, time.Minute, nil)
		defer listener.Close()
		if err := listener.Listen("news"); err != nil {
			return err
		}
		db, err := sql.Open("postgres", "sslmode=disable")
		if err != nil {
			return err
		}
		defer db.Close()
		if err := exec(db, "NOTIFY news, 'hello'"); err != nil {
			return err
		}
		select {
		case n := <-listener.Notify:
			fmt.Println(n.Channel, n.Extra)
			return listener.Ping()
		case <-time.After(5 * time.Second):
			return errors.New("nothing heard")
		}
	})
	check("pool of sessions", func(db *sql.DB) error {
		db.SetMaxOpenConns(3)
		done := make(chan error)
		for n := 0; n < 10; n++ {
			go func() { done <- exec(db, "SELECT pg_sleep(0.01)") }()
		}
		for n := 0; n < 10; n++ {
			if err := <-done; err != nil {
				return err
			}
		}
		return nil
	})
}
