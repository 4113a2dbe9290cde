using System.Security.Cryptography;
using ArtifactSync.Errors;
using Microsoft.Win32.SafeHandles;

namespace ArtifactSync.Store;

/// <summary>
/// A temporary file on its way to its name. Used by one thread at a time. Disposing it before <see cref="Finish"/> removes
/// it; afterwards it belongs to its batch.
/// </summary>
internal sealed class StagedFile : IDisposable
{
    private const int Attempts = 100; // spec 12

    private readonly WriteOnceBatch _batch;
    private SafeFileHandle? _file;
    private bool _finished, _synced, _gone;

    private StagedFile(WriteOnceBatch batch, string directory, string temporary, SafeFileHandle file) =>
        (_batch, Directory, TemporaryPath, _file) = (batch, directory, temporary, file);

    /// <summary>Full path of the directory.</summary>
    public string Directory { get; }

    public string TemporaryPath { get; }

    /// <summary>Full path under the final name; valid after <see cref="Finish"/>.</summary>
    public string FinalPath { get; private set; } = "";

    public long Length { get; private set; }

    /// <summary>Lower ones get their names first.</summary>
    public int Order { get; private set; }

    /// <summary>Free for the owner: what this file is.</summary>
    public object? Tag { get; set; }

    /// <summary>Why it did not get its name, when the reason is not that the name was taken.</summary>
    public ArtifactSyncException? Error { get; private set; }

    private FolderIO IO => _batch.Folder.IO;

    internal static StagedFile Create(WriteOnceBatch batch, string directory)
    {
        for (var attempt = 1; ; attempt++)
        {
            var path = Path.Combine(directory, WriteOnceFolder.TemporaryPrefix + RandomNumberGenerator.GetHexString(16, lowercase: true));
            try
            {
                return new StagedFile(batch, directory, path, batch.Folder.IO.CreateExclusive(path));
            }
            catch (IOException) when (attempt < Attempts && FileStat.Of(path) is not null)
            {
                // Somebody has that name: another one.
            }
            catch (Exception error) when (FolderErrors.IsFileFault(error))
            {
                throw FolderErrors.Writing(error, directory, batch.Folder.Use);
            }
        }
    }

    /// <exception cref="ArtifactSyncException">DiskFull and the others of <see cref="WriteOnceBatch"/>.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        ObjectDisposedException.ThrowIf(_file is null, this);
        try
        {
            IO.Write(_file, bytes, Length);
            Length += bytes.Length;
        }
        catch (Exception error) when (FolderErrors.IsFileFault(error))
        {
            throw FolderErrors.Writing(error, Directory, _batch.Folder.Use);
        }
    }

    /// <summary>A stream that appends; disposing it leaves this file as it is. Unbuffered.</summary>
    public Stream AsStream() => new StagedFileStream(this);

    /// <summary>The content is complete; <see cref="WriteOnceBatch.Commit"/> will publish it under <paramref name="name"/>.</summary>
    public void Finish(string name, int order = 0)
    {
        ObjectDisposedException.ThrowIf(_file is null, this);
        try
        {
            IO.SetMode(_file, FolderModes.File(_batch.Folder.Use));
            if (!_batch.SyncsVolume)
            {
                IO.SyncFile(_file);
                _synced = true;
            }
        }
        catch (Exception error) when (FolderErrors.IsFileFault(error))
        {
            throw FolderErrors.Writing(error, Path.Combine(Directory, name), _batch.Folder.Use);
        }

        Close();
        (FinalPath, Order, _finished) = (Path.Combine(Directory, name), order, true);
        _batch.Add(this);
    }

    public void Dispose()
    {
        if (!_finished)
        {
            Discard();
        }
    }

    internal void Sync()
    {
        if (_synced)
        {
            return;
        }

        try
        {
            using var handle = File.OpenHandle(TemporaryPath, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            IO.SyncFile(handle);
            _synced = true;
        }
        catch (Exception error) when (FolderErrors.IsFileFault(error))
        {
            throw FolderErrors.Writing(error, FinalPath, _batch.Folder.Use);
        }
    }

    internal bool Publish()
    {
        try
        {
            _gone = IO.TryPublish(TemporaryPath, FinalPath);
        }
        catch (Exception error) when (FolderErrors.IsFileFault(error))
        {
            Error = FolderErrors.Writing(error, FinalPath, _batch.Folder.Use);
            if (Error.Code is ErrorCode.DiskFull)
            {
                throw Error; // the others would fail alike
            }
        }

        return _gone;
    }

    /// <summary>Removes the temporary file. A failure to do so is no reason to hide the failure that led here.</summary>
    internal void Discard()
    {
        Close();
        if (_gone)
        {
            return;
        }

        try
        {
            IO.Delete(TemporaryPath);
        }
        catch (Exception error) when (FolderErrors.IsFileFault(error))
        {
            // It stays behind as a crash would leave it: readers skip such names.
        }

        _gone = true;
    }

    private void Close()
    {
        _file?.Dispose();
        _file = null;
    }
}
