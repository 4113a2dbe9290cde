using ArtifactSync.Store;
using Microsoft.Win32.SafeHandles;

namespace ArtifactSync.Tests.Doubles;

/// <summary>The real file system, with a hook before each step and abilities that can be taken away.</summary>
internal sealed class FaultyIO : FolderIO
{
    private const int NotSupported = 95;
    private int _calls;

    /// <summary>Gets the name of the step, its path and its index; may throw.</summary>
    public Action<string, string, int>? Before { get; set; }
    public bool CanRename { get; init; } = true;
    public bool CanLink { get; init; } = true;
    public bool? Volume { get; init; }
    public int Calls => _calls;
    public List<string> Log { get; } = [];

    /// <summary>A failure as .NET reports it.</summary>
    public static IOException DiskFull() => new("No space left on device", 28);

    public override SafeFileHandle CreateExclusive(string path)
    {
        Step("create", path);
        return base.CreateExclusive(path);
    }

    public override void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        Step("write", "");
        base.Write(file, bytes, offset);
    }

    public override void SetMode(SafeFileHandle file, UnixFileMode mode)
    {
        Step("mode", "");
        base.SetMode(file, mode);
    }

    public override bool CanSyncVolume(string root) => Volume ?? base.CanSyncVolume(root);

    public override void SyncVolume(string root)
    {
        Step("syncvolume", root);
        base.SyncVolume(root);
    }

    public override void SyncFile(SafeFileHandle file)
    {
        Step("syncfile", "");
        base.SyncFile(file);
    }

    public override void SyncDirectory(string path)
    {
        Step("syncdirectory", path);
        base.SyncDirectory(path);
    }

    public override void CreateDirectory(string path, UnixFileMode mode)
    {
        Step("mkdir", path);
        base.CreateDirectory(path, mode);
    }

    public override bool TryPublish(string temporary, string final)
    {
        Step("publish", final);
        return base.TryPublish(temporary, final);
    }

    protected override int TryRenameNoReplace(string from, string to) => CanRename ? base.TryRenameNoReplace(from, to) : NativeUnix.Invalid;

    protected override int TryLink(string from, string to) => CanLink ? base.TryLink(from, to) : NotSupported;

    private void Step(string name, string path)
    {
        lock (Log)
        {
            Log.Add(name);
            var index = _calls++;
            Before?.Invoke(name, path, index);
        }
    }
}
