namespace ArtifactSync.Archive;

/// <summary>A write transaction (BEGIN IMMEDIATE). Disposed without <see cref="Commit"/> it rolls back.</summary>
internal sealed class WriteTransaction : IDisposable
{
    private readonly Writer _writer;
    private readonly Lease? _lease;
    private bool _ended;

    internal WriteTransaction(Writer writer, Lease? lease) => (_writer, _lease) = (writer, lease);

    public Database Db => _writer.Connection;

    public void Commit()
    {
        ObjectDisposedException.ThrowIf(_ended, this);
        if (Db.HasNewText)
        {
            TextIndex.AddNew(Db);
        }

        // A transaction may outlast the silence after which others take the lease; nobody could do so while it ran.
        _lease?.Beat(Db);
        Db.Execute("COMMIT");
        End();
    }

    public void Dispose()
    {
        if (_ended)
        {
            return;
        }

        try
        {
            // SQLite itself rolls back after a full disk and the like.
            if (Db.InTransaction)
            {
                Db.Execute("ROLLBACK");
            }
        }
        finally
        {
            End();
        }
    }

    private void End()
    {
        _ended = true;
        Db.HasNewText = false;
        _writer.End();
    }
}
