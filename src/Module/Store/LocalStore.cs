using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Store;

/// <summary>Checks the wire bytes of an artifact and tells what they are (spec 10.2).</summary>
internal delegate ArtifactInfo ArtifactVerifier(ArtifactRef artifact, Stream wire, CancellationToken cancellationToken);

/// <summary>
/// The archive's own copy of all artifacts: <c>artifacts/&lt;origin&gt;/&lt;kind&gt;/&lt;name&gt;</c>, and a catalog of them in the
/// database. What the catalog names is live; a file that it does not name is left over from a crash and is adopted when
/// the same artifact arrives again.
/// Reads without a <see cref="Database"/> use <see cref="ArchiveDatabase.Reader"/>, hence one thread;
/// <see cref="OpenWire(CatalogEntry)"/> may be called by many.
/// </summary>
internal sealed class LocalStore
{
    private readonly ArchiveDatabase _archive;
    private readonly WriteOnceFolder _folder;
    private readonly ArtifactVerifier _verify;

    public LocalStore(ArchiveDatabase archive, ArtifactVerifier? verify = null, FolderIO? io = null)
    {
        (_archive, _verify) = (archive, verify ?? ReceptionCheck.Verify);
        _folder = new WriteOnceFolder(archive.ArtifactsFolder, FolderUse.Private, io);
        Quarantined = new QuarantineFolder(archive.QuarantineFolder);
    }

    internal ArchiveDatabase Archive => _archive;
    internal ArtifactVerifier Verify => _verify;
    internal QuarantineFolder Quarantined { get; }

    /// <summary>Null = not in the store.</summary>
    public CatalogEntry? Find(ArtifactRef artifact, Database? db = null) => CatalogTable.Find(db ?? _archive.Reader, artifact);

    public IEnumerable<string> ListOrigins(Database? db = null) => CatalogTable.Origins(db ?? _archive.Reader);

    /// <summary>After an aid: in order of arrival; all (0): by name.</summary>
    public IEnumerable<CatalogEntry> List(string origin, ArtifactKind kind, long afterAid = 0, Database? db = null) =>
        CatalogTable.List(db ?? _archive.Reader, origin, kind, afterAid);

    /// <exception cref="ArtifactSyncException">ArtifactNotFound: not in the catalog. Else as the other overload.</exception>
    public Stream OpenWire(ArtifactRef artifact) => OpenWire(Find(artifact) ?? throw new ArtifactSyncException(
        ErrorCode.ArtifactNotFound, $"'{artifact}' is not in the local store.", artifact.Path));

    /// <summary>The wire bytes. Only their number is checked against the catalog.</summary>
    /// <exception cref="ArtifactSyncException">ArtifactCorrupt: the file is missing or has another size; AccessDenied.</exception>
    public Stream OpenWire(CatalogEntry entry) => Reading(entry, path =>
    {
        var file = FolderIO.OpenRead(path);
        if (file.Length == entry.WireSize)
        {
            return file;
        }

        var length = file.Length;
        file.Dispose();
        throw Damaged(entry, path, $"has {length} bytes instead of {entry.WireSize}", null);
    });

    /// <summary>All wire bytes of a small artifact at once.</summary>
    /// <exception cref="ArtifactSyncException">As <see cref="OpenWire(CatalogEntry)"/>.</exception>
    public byte[] ReadWire(CatalogEntry entry) => Reading(entry, path => FolderIO.ReadSmall(path, checked((int)entry.WireSize))
        ?? throw Damaged(entry, path, $"has another size than {entry.WireSize} bytes", null));

    private T Reading<T>(CatalogEntry entry, Func<string, T> read)
    {
        var path = PathOf(entry.Artifact);
        try
        {
            return read(path);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Damaged(entry, path, "is missing", error);
        }
        catch (Exception error) when (error is not ArtifactSyncException && FolderErrors.IsFileFault(error))
        {
            throw FolderErrors.Reading(error, path, FolderUse.Private);
        }
    }

    /// <summary>Where the file of an artifact lies or would lie.</summary>
    public string PathOf(ArtifactRef artifact) =>
        Path.Combine(_folder.Root, StorePath.Directory(artifact.Origin, artifact.Kind), StorePath.FileName(artifact));

    /// <summary>
    /// Artifacts that become visible, durable and catalogued together. Publishing passes the checkpoints
    /// <c>store:staged</c>, <c>store:synced</c>, <c>store:named</c> and <c>store:published</c>.
    /// </summary>
    public StoreBatch BeginBatch()
    {
        _folder.CreateRoot();
        return new StoreBatch(this, _folder.BeginBatch(step => _archive.Options.Checkpoint("store:" + step)), QuarantineTable.Repairs(_archive.Reader));
    }

    /// <summary>
    /// Takes an artifact out of the store: its file moves to the quarantine, a row keeps the verdict. Part of the caller's
    /// transaction; if that is rolled back, the catalog names a missing file, which is repaired like any damage.
    /// </summary>
    /// <param name="sha256">Of the decoded bytes when they are what the verdict is about; null: they are damaged, and the
    /// hash of the file is taken, so that a good copy is still welcome.</param>
    public void Quarantine(Database db, ArtifactRef artifact, string? sha256, ErrorCode code, string reason)
    {
        var kept = Quarantined.Take(PathOf(artifact), artifact, sha256);
        CatalogTable.Remove(db, artifact);
        Record(db, artifact, kept, code, reason);
    }

    /// <summary>As the other overload, in a transaction of its own, for an artifact whose catalogued content was refused.</summary>
    public void Quarantine(Lease lease, ArtifactRef artifact, ErrorCode code, string reason)
    {
        using var transaction = lease.Begin();
        Quarantine(transaction.Db, artifact, Find(artifact, transaction.Db)?.Sha256, code, reason);
        transaction.Commit();
    }

    /// <summary>Remembers something that was refused before it came into the store: it need not be fetched again.</summary>
    public void Refuse(Database db, ArtifactRef artifact, string sha256, long wireSize, ErrorCode code, string reason) =>
        Record(db, artifact, new KeptFile(sha256, wireSize, ""), code, reason);

    /// <summary>Whether this very content was refused before. Without a hash: the content that the name promises.</summary>
    public bool IsQuarantined(ArtifactRef artifact, string? sha256 = null, Database? db = null) =>
        (sha256 ?? ArtifactName.Sha256(artifact)) is { } hash
        && QuarantineTable.Find(db ?? _archive.Reader, artifact).Any(entry => entry.Sha256 == hash);

    /// <summary>
    /// Asks that a damaged artifact be fetched again; only the very content that the catalog names will be accepted.
    /// </summary>
    public void RequestRepair(Database db, CatalogEntry entry) =>
        QuarantineTable.RequestRepair(db, entry.Artifact, entry.Sha256, entry.Size, _archive.Clock.GetUtcNow());

    /// <summary>What waits for repair.</summary>
    public IEnumerable<RepairEntry> Repairs(Database? db = null) => QuarantineTable.Repairs(db ?? _archive.Reader);

    /// <summary>
    /// The largest number of a checkpoint of this origin that was ever seen here: in the catalog, in files without a row,
    /// in the quarantine. 0 = none. Numbers up to it must not be used again (spec 6.5).
    /// </summary>
    public long LargestSequence(string origin, Database? db = null)
    {
        var reader = db ?? _archive.Reader;
        var largest = CatalogTable.Last(reader, origin, ArtifactKind.Checkpoints) is { } last ? ArtifactName.Sequence(last.Artifact) : 0;
        foreach (var entry in QuarantineTable.List(reader, origin, ArtifactKind.Checkpoints))
        {
            largest = Math.Max(largest, ArtifactName.Sequence(entry.Artifact));
        }

        var directory = StorePath.Directory(origin, ArtifactKind.Checkpoints);
        foreach (var name in Names(Path.Combine(_folder.Root, directory)).Concat(Quarantined.Names(directory)))
        {
            if (ArtifactName.TryParse(origin, ArtifactKind.Checkpoints, name, out var artifact))
            {
                largest = Math.Max(largest, ArtifactName.Sequence(artifact));
            }
        }

        return largest;
    }

    internal void Record(Database db, ArtifactRef artifact, KeptFile kept, ErrorCode code, string reason) =>
        QuarantineTable.Add(db, artifact, kept.Sha256, kept.Size, code, reason, kept.File, _archive.Clock.GetUtcNow());

    internal static IEnumerable<string> Names(string directory)
    {
        try
        {
            return FileStat.Of(directory) is { Type: EntryType.Directory }
                ? DirectoryReader.Read(directory).Select(entry => entry.Name).ToList()
                : [];
        }
        catch (Exception error) when (FolderErrors.IsFileFault(error))
        {
            throw FolderErrors.Reading(error, directory, FolderUse.Private);
        }
    }

    private static ArtifactSyncException Damaged(CatalogEntry entry, string path, string how, Exception? inner) => new(
        ErrorCode.ArtifactCorrupt, $"'{path}' of the local store {how}. It is fetched again from a target that has it.", entry.Artifact.Path, inner);
}
