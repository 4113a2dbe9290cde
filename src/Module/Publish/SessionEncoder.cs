using ArtifactSync.Archive;
using ArtifactSync.Store;
using ArtifactSync.Sync;
using ArtifactSync.Wire;

namespace ArtifactSync.Publish;

/// <summary>
/// Encodes one own session into segments and a manifest: rows are read, encoded, hashed, compressed and written in one pass,
/// one message at a time. Used by one thread, with a connection of its own.
/// </summary>
internal sealed class SessionEncoder(ExchangeContext context, string origin, StoreBatch batch) : IDisposable
{
    private static readonly WireFormat s_format = WireFormat.Portable;

    private readonly Database _reader = context.Archive.OpenReader();
    private readonly CanonicalWriter _line = new();

    /// <summary>The hash of the manifest; null when the session is not (any longer) to be published.</summary>
    public string? Encode(string sessionId, CancellationToken cancellationToken)
    {
        // One snapshot of all its rows, whatever is written meanwhile.
        _reader.Execute("BEGIN");
        try
        {
            if (SessionTable.Find(_reader, sessionId) is not { Own: true, Session.DeletedAt: null } row)
            {
                return null;
            }
            var segments = EncodeSegments(row, cancellationToken);
            var manifest = ManifestBuilder.Build(s_format, origin, row, [.. UsageTable.Read(_reader, row.Sid)], segments);
            return Store(ArtifactKind.Manifests, ManifestDocument.Encode(manifest), segments);
        }
        finally
        {
            _reader.Execute("ROLLBACK");
        }
    }

    public void Dispose()
    {
        _line.Dispose();
        _reader.Dispose();
    }

    private List<string> EncodeSegments(SessionRow row, CancellationToken cancellationToken)
    {
        var splitter = new SegmentSplitter();
        var hashes = new List<string>();
        var segment = new OpenSegment(batch, origin);
        try
        {
            foreach (var message in MessageTable.Read(_reader, row.Sid))
            {
                cancellationToken.ThrowIfCancellationRequested();
                _line.Reset();
                MessageDocument.Write(_line, message);
                if (splitter.Add(message, _line.Length))
                {
                    Close(segment);
                    segment.Dispose();
                    segment = new OpenSegment(batch, origin);
                }
                segment.Encoder.Write(_line.WrittenSpan);
            }
            Close(segment);
        }
        finally
        {
            segment.Dispose();
        }
        return hashes;

        void Close(OpenSegment open)
        {
            var sha256 = open.Finish();
            splitter.Close(sha256);
            hashes.Add(sha256);
        }
    }

    private string Store(ArtifactKind kind, ReadOnlySpan<byte> document, IEnumerable<string> segments)
    {
        using var write = batch.Begin(origin, kind);
        using var encoder = new ArtifactEncoder(kind, write.Stream);
        encoder.Write(document);
        var identity = encoder.Finish();
        write.Complete(ArtifactName.Manifest(origin, identity.Sha256),
            new ArtifactInfo(identity, false, [.. segments.Select(static sha256 => (ArtifactKind.Segments, sha256))]));
        return identity.Sha256;
    }

    private sealed class OpenSegment : IDisposable
    {
        private readonly StoreWrite _write;

        public OpenSegment(StoreBatch batch, string origin)
        {
            _write = batch.Begin(origin, ArtifactKind.Segments);
            Encoder = new ArtifactEncoder(ArtifactKind.Segments, _write.Stream);
        }

        public ArtifactEncoder Encoder { get; }

        public string Finish()
        {
            var identity = Encoder.Finish();
            _write.Complete(ArtifactName.Segment(_write.Origin, identity.Sha256), new ArtifactInfo(identity, false, []));
            return identity.Sha256;
        }

        public void Dispose()
        {
            Encoder.Dispose();
            _write.Dispose();
        }
    }
}
