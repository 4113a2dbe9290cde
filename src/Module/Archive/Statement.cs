using System.Buffers;
using System.Text;
using SQLitePCL;

namespace ArtifactSync.Archive;

/// <summary>
/// A prepared statement with typed binds and typed columns, no boxing. Dispose gives it back to the cache of its
/// <see cref="Database"/>. Indexes: parameters from 1, columns from 0, as in SQLite.
/// </summary>
internal sealed class Statement : IDisposable
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);
    private readonly Database _database;
    private readonly sqlite3_stmt _handle;
    private readonly bool _cached;
    private bool _closed;

    internal Statement(Database database, sqlite3_stmt handle, string sql, bool cached) =>
        (_database, _handle, Sql, _cached) = (database, handle, sql, cached);

    public string Sql { get; }

    internal bool InUse { get; set; }

    internal sqlite3_stmt Handle => _handle;

    public int ColumnCount => raw.sqlite3_column_count(_handle);

    public Statement Bind(int index, long value)
    {
        Check(raw.sqlite3_bind_int64(_handle, index, value));
        return this;
    }

    public Statement Bind(int index, bool value) => Bind(index, value ? 1L : 0L);

    public Statement Bind(int index, long? value) => value is { } number ? Bind(index, number) : BindNull(index);

    public Statement Bind(int index, double value)
    {
        Check(raw.sqlite3_bind_double(_handle, index, value));
        return this;
    }

    public Statement Bind(int index, double? value) => value is { } number ? Bind(index, number) : BindNull(index);

    public Statement BindNull(int index)
    {
        Check(raw.sqlite3_bind_null(_handle, index));
        return this;
    }

    /// <summary>Text as UTF-8; lone surrogates become U+FFFD, as everywhere on the wire.</summary>
    public Statement Bind(int index, string? value)
    {
        if (value is null)
        {
            return BindNull(index);
        }

        if (value.Length == 0)
        {
            return BindEmpty(index);
        }

        const int onStack = 1024;
        if (value.Length <= onStack / 3)
        {
            Span<byte> small = stackalloc byte[onStack];
            return Bind(index, small[..Utf8.GetBytes(value, small)]);
        }

        var buffer = ArrayPool<byte>.Shared.Rent(Utf8.GetMaxByteCount(value.Length));
        try
        {
            return Bind(index, buffer.AsSpan(0, Utf8.GetBytes(value, buffer)));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Text that is UTF-8 already.</summary>
    public Statement Bind(int index, ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty)
        {
            return BindEmpty(index);
        }

        Check(raw.sqlite3_bind_text(_handle, index, utf8));
        return this;
    }

    /// <summary>Bytes that are no text.</summary>
    public Statement BindBlob(int index, ReadOnlySpan<byte> value)
    {
        Check(raw.sqlite3_bind_blob(_handle, index, value));
        return this;
    }

    public Statement Bind(int index, object? value) => value switch
    {
        null => BindNull(index),
        byte[] bytes => BindBlob(index, bytes),
        string text => Bind(index, text),
        long number => Bind(index, number),
        int number => Bind(index, (long)number),
        bool flag => Bind(index, flag),
        double number => Bind(index, number),
        Enum => Bind(index, Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture)),
        _ => throw new ArgumentException($"A {value.GetType()} cannot be bound.", nameof(value)),
    };

    /// <summary>Goes to the next row; false after the last one.</summary>
    public bool Step()
    {
        var result = raw.sqlite3_step(_handle);
        if (result == raw.SQLITE_ROW)
        {
            return true;
        }

        if (result != raw.SQLITE_DONE)
        {
            var error = SqliteErrors.Create(result, _database.Handle, _database.Path, Sql);
            _ = raw.sqlite3_reset(_handle);
            throw error;
        }

        return false;
    }

    /// <summary>Runs to the end, makes ready for the next values, and tells how many rows were changed.</summary>
    public int Run()
    {
        while (Step())
        {
        }

        _ = raw.sqlite3_reset(_handle);
        return raw.sqlite3_changes(_database.Handle);
    }

    /// <summary>Makes ready for the next values. Values bound before stay.</summary>
    public void Reset() => _ = raw.sqlite3_reset(_handle);

    public bool IsNull(int column) => raw.sqlite3_column_type(_handle, column) == raw.SQLITE_NULL;

    public long Int64(int column) => raw.sqlite3_column_int64(_handle, column);

    public long? Int64OrNull(int column) => IsNull(column) ? null : Int64(column);

    public bool Bool(int column) => Int64(column) != 0;

    public double? DoubleOrNull(int column) => IsNull(column) ? null : raw.sqlite3_column_double(_handle, column);

    public string Text(int column)
    {
        var bytes = Bytes(column);
        return bytes.IsEmpty ? "" : Utf8.GetString(bytes);
    }

    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    /// <summary>The bytes of a text or blob; valid until the next step. Unlike column_text it keeps U+0000.</summary>
    public ReadOnlySpan<byte> Bytes(int column) => raw.sqlite3_column_blob(_handle, column);

    public void Dispose()
    {
        if (_closed || (_cached && !InUse))
        {
            return;
        }

        if (_cached && !_database.IsClosed)
        {
            _ = raw.sqlite3_reset(_handle);
            _ = raw.sqlite3_clear_bindings(_handle);
            InUse = false;
        }
        else
        {
            Close();
        }
    }

    internal void Close()
    {
        _closed = true;
        _handle.Dispose();
    }

    // A null pointer would bind NULL, and an empty span has one.
    private Statement BindEmpty(int index)
    {
        Check(raw.sqlite3_bind_text(_handle, index, utf8z.FromSpan("\0"u8)));
        return this;
    }

    private void Check(int result)
    {
        if (result != raw.SQLITE_OK)
        {
            throw SqliteErrors.Create(result, _database.Handle, _database.Path, Sql);
        }
    }
}
