using ArtifactSync.Tests.Doubles;
using ArtifactSync.Transport;

namespace ArtifactSync.Tests.Conformance;

public sealed class MemoryTransportContract : TransportContract
{
    internal override ITransport Create() => new MemoryTransport();
}

public abstract class FolderTransportContractBase : TransportContract, IDisposable
{
    private readonly TempFolder _folder = new();

    internal abstract FaultyIO? IO { get; }

    internal override ITransport Create() => new FolderTransport(_folder.Path, Clock, IO);

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        Assert.DoesNotContain(_folder.Files(), name => name.Contains("/.tmp-", StringComparison.Ordinal));
    }

    public void Dispose()
    {
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }
}

public sealed class FolderTransportContract : FolderTransportContractBase
{
    internal override FaultyIO? IO => null;
}

/// <summary>As on macOS, or with an older libc.</summary>
public sealed class FolderWithoutRenameContract : FolderTransportContractBase
{
    internal override FaultyIO? IO { get; } = new() { CanRename = false, Volume = false };
}

/// <summary>As on VirtualBox shares and bucket mounts.</summary>
public sealed class FolderWithoutLinksContract : FolderTransportContractBase
{
    internal override FaultyIO? IO { get; } = new() { CanRename = false, CanLink = false, Volume = false };
}

public sealed class FaultInjectingTransportContract : TransportContract
{
    internal override ITransport Create() => new FaultInjectingTransport(new MemoryTransport());
}
