using Microsoft.Data.Sqlite;

namespace ArtifactSync.Tests.Live;

/// <summary>A row by column name; values are long, double, string, byte[] or null.</summary>
internal sealed class Row : Dictionary<string, object?>
{
    public Row()
        : base(StringComparer.Ordinal)
    {
    }

    public string Text(string column) => this[column] as string ?? "";

    public long Number(string column) => (long)this[column]!;
}

/// <summary>Plain SQL on an archive's file, so that a test neither writes nor reads through the code it checks.</summary>
internal sealed class ArchiveSql : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly Dictionary<string, IReadOnlyDictionary<string, bool>> _columns = new(StringComparer.Ordinal);

    public ArchiveSql(string file)
    {
        _connection = new SqliteConnection($"Data Source={file};Mode=ReadWrite;Pooling=False;Foreign Keys=True");
        _connection.Open();
    }

    public List<Row> Query(string sql, params object?[] arguments)
    {
        using SqliteCommand command = Command(sql, arguments);
        using SqliteDataReader reader = command.ExecuteReader();
        var rows = new List<Row>();
        while (reader.Read())
        {
            var row = new Row();
            for (int i = 0; i < reader.FieldCount; i++)
            {
                row[reader.GetName(i)] = reader.IsDBNull(i) ? null : reader.GetValue(i);
            }

            rows.Add(row);
        }

        return rows;
    }

    public List<string> Texts(string sql, params object?[] arguments) =>
        [.. Query(sql, arguments).Select(row => (string)row.Values.Single()!)];

    public int Execute(string sql, params object?[] arguments)
    {
        using SqliteCommand command = Command(sql, arguments);
        return command.ExecuteNonQuery();
    }

    /// <summary>Inserts what the table has columns for, and tells the row id.</summary>
    public long Insert(string table, Row row)
    {
        string[] columns = [.. row.Keys.Where(Columns(table).ContainsKey)];
        // Bytes are text that is not valid UTF-8, as the original programs can hold it.
        IEnumerable<string> values = columns.Select((c, i) => row[c] is byte[] ? $"CAST(?{i + 1} AS TEXT)" : $"?{i + 1}");
        Execute($"INSERT INTO {table}({string.Join(',', columns)}) VALUES({string.Join(',', values)})", [.. columns.Select(c => row[c])]);
        return (long)Query("SELECT last_insert_rowid() AS id")[0]["id"]!;
    }

    /// <summary>Column name to whether it refuses null.</summary>
    public IReadOnlyDictionary<string, bool> Columns(string table)
    {
        if (!_columns.TryGetValue(table, out IReadOnlyDictionary<string, bool>? columns))
        {
            columns = Query($"SELECT name, \"notnull\" AS required FROM pragma_table_info('{table}')")
                .ToDictionary(r => r.Text("name"), r => r.Number("required") != 0, StringComparer.Ordinal);
            _columns.Add(table, columns);
        }

        return columns;
    }

    public IDisposable Transaction()
    {
        Execute("BEGIN IMMEDIATE");
        return new Committer(this);
    }

    public void Dispose() => _connection.Dispose();

    private SqliteCommand Command(string sql, object?[] arguments)
    {
        SqliteCommand command = _connection.CreateCommand();
#pragma warning disable CA2100 // The statements are written in this folder; values are bound.
        command.CommandText = sql;
#pragma warning restore CA2100
        for (int i = 0; i < arguments.Length; i++)
        {
            command.Parameters.AddWithValue($"?{i + 1}", arguments[i] ?? DBNull.Value);
        }

        return command;
    }

    private sealed class Committer(ArchiveSql sql) : IDisposable
    {
        public void Dispose() => sql.Execute("COMMIT");
    }
}
