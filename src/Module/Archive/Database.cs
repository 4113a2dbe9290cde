using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ArtifactSync.Archive;

/// <summary>
/// One connection with a cache of prepared statements. Used by one thread at a time. ADO.NET opens it; statements go straight to
/// its handle, since commands would box every value and look up every column.
/// </summary>
internal sealed class Database : IDisposable
{
    /// <summary>Milliseconds.</summary>
    public const int BusyTimeout = 5000;
    private const int MaxCached = 256;
    private readonly Dictionary<string, Statement> _statements = new(StringComparer.Ordinal);

    private readonly SqliteConnection _connection;

    private Database(string path, SqliteConnection connection) => (Path, _connection, Handle) = (path, connection, connection.Handle!);

    /// <summary>The database file, for messages.</summary>
    public string Path { get; }

    public bool IsClosed { get; private set; }

    internal sqlite3 Handle { get; }

    /// <summary>Messages were written in this transaction whose text is not in the index yet.</summary>
    public bool HasNewText { get; set; }

    /// <summary>The rowid of the last insert.</summary>
    public long LastInsertRowId => raw.sqlite3_last_insert_rowid(Handle);

    public bool InTransaction => raw.sqlite3_get_autocommit(Handle) == 0;

    /// <param name="path">The file, for messages.</param>
    /// <param name="name">What SQLite opens: a path, or a <c>file:</c> URI with options.</param>
    /// <param name="mode">ReadOnly or ReadWrite; nothing is created here.</param>
    internal static Database Open(string path, string name, SqliteOpenMode mode)
    {
        NativeSqlite.Require();
        // Our own cache of connections is the archive; a pool would keep files open after it was closed.
        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = name, Mode = mode, Pooling = false }.ConnectionString);
        try
        {
            connection.Open();
        }
        catch (SqliteException e)
        {
            connection.Dispose();
            throw SqliteErrors.Create(e.SqliteExtendedErrorCode, null, path, "open");
        }

        var database = new Database(path, connection);
        _ = raw.sqlite3_extended_result_codes(database.Handle, 1);
        database.SetBusyTimeout(BusyTimeout);
        return database;
    }

    public void SetBusyTimeout(int milliseconds) => _ = raw.sqlite3_busy_timeout(Handle, milliseconds);

    /// <summary>A statement of the cache, or a fresh one while that is in use. Dispose gives it back.</summary>
    public Statement Prepare(string sql)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        if (_statements.TryGetValue(sql, out var statement))
        {
            if (statement.InUse)
            {
                return Compile(sql, cached: false);
            }

            statement.InUse = true;
            return statement;
        }

        statement = Compile(sql, cached: _statements.Count < MaxCached);
        if (_statements.Count < MaxCached)
        {
            statement.InUse = true;
            _statements.Add(sql, statement);
        }

        return statement;
    }

    /// <summary>Runs one statement; returns the number of changed rows.</summary>
    public int Execute(string sql, params ReadOnlySpan<object?> args)
    {
        using var statement = Prepare(sql);
        BindAll(statement, args);
        return statement.Run();
    }

    /// <summary>The first column of the first row (string, long, long?, int, bool, double?); default without a row or for NULL.</summary>
    public T? Scalar<T>(string sql, params ReadOnlySpan<object?> args)
    {
        using var statement = Prepare(sql);
        BindAll(statement, args);
        return statement.Step() && !statement.IsNull(0) ? Get<T>(statement) : default;
    }

    /// <summary>The first row, or default.</summary>
    public T? First<T>(string sql, Func<Statement, T> read, params ReadOnlySpan<object?> args)
    {
        using var statement = Prepare(sql);
        BindAll(statement, args);
        return statement.Step() ? read(statement) : default;
    }

    /// <summary>The rows, one at a time as they are asked for.</summary>
    public IEnumerable<T> Query<T>(string sql, Func<Statement, T> read, params ReadOnlySpan<object?> args) =>
        Rows(sql, read, args.ToArray());

    /// <summary>One state of the archive for all queries until it is disposed. Keep it short: the log grows meanwhile.</summary>
    public Scope Snapshot()
    {
        Execute("BEGIN");
        return new Scope(this, "COMMIT", "COMMIT");
    }

    /// <summary>Inside a transaction: what follows can be undone alone. Disposed without <see cref="Scope.Keep"/> it is.</summary>
    public Scope Savepoint()
    {
        Execute("SAVEPOINT step");
        return new Scope(this, "RELEASE step", "ROLLBACK TO step", "RELEASE step");
    }

    /// <summary>Runs several statements that take no values (migrations, pragmas).</summary>
    public void ExecuteScript(string sql)
    {
        var result = raw.sqlite3_exec(Handle, sql);
        if (result != raw.SQLITE_OK)
        {
            throw SqliteErrors.Create(result, Handle, Path, sql.Length <= 80 ? sql : sql[..80]);
        }
    }

    public void Dispose()
    {
        if (IsClosed)
        {
            return;
        }

        IsClosed = true;
        foreach (var statement in _statements.Values)
        {
            statement.Close();
        }

        _statements.Clear();
        _connection.Dispose();
    }

    private IEnumerable<T> Rows<T>(string sql, Func<Statement, T> read, object?[] args)
    {
        using var statement = Prepare(sql);
        BindAll(statement, args);
        while (statement.Step())
        {
            yield return read(statement);
        }
    }

    private Statement Compile(string sql, bool cached)
    {
        var text = Encoding.UTF8.GetBytes(sql);
        var result = raw.sqlite3_prepare_v3(Handle, text, cached ? (uint)raw.SQLITE_PREPARE_PERSISTENT : 0, out var handle, out _);
        return result == raw.SQLITE_OK ? new Statement(this, handle, sql, cached) : throw SqliteErrors.Create(result, Handle, Path, sql);
    }

    private static void BindAll(Statement statement, ReadOnlySpan<object?> args)
    {
        for (var i = 0; i < args.Length; i++)
        {
            statement.Bind(i + 1, args[i]);
        }
    }

    private static T Get<T>(Statement statement)
    {
        object value = typeof(T) switch
        {
            var t when t == typeof(string) => statement.Text(0),
            var t when t == typeof(long) || t == typeof(long?) => statement.Int64(0),
            var t when t == typeof(int) => (int)statement.Int64(0),
            var t when t == typeof(bool) => statement.Bool(0),
            var t when t == typeof(double) || t == typeof(double?) => statement.DoubleOrNull(0)!.Value,
            var t => throw new NotSupportedException($"No scalar of type {t}."),
        };
        return (T)value;
    }
}

/// <summary>A part of a connection's life that ends well (<see cref="Keep"/>) or is undone at disposal.</summary>
internal sealed class Scope(Database db, string keep, params string[] undo) : IDisposable
{
    private bool _ended;

    public void Keep()
    {
        _ended = true;
        db.Execute(keep);
    }

    public void Dispose()
    {
        // After a full disk SQLite has rolled everything back itself.
        if (!_ended && db.InTransaction)
        {
            foreach (var sql in undo)
            {
                db.Execute(sql);
            }
        }

        _ended = true;
    }
}
