using ArtifactSync.Sync;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Transport;
using ArtifactSync.Transport.S3;

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

/// <summary>A store in memory that behaves as a bucket does.</summary>
public sealed class OrderedMemoryTransportContract : TransportContract
{
    internal override ITransport Create() => new MemoryTransport
    {
        Traits = new TransportTraits { OrderedListing = true, BulkByReference = true, CanRemove = true },
    };
}

public sealed class RetryTransportContract : TransportContract
{
    internal override ITransport Create() => new RetryTransport(new MemoryTransport(), TimeProvider.System, new Random(1), NullObserver.Instance);
}

public sealed class ThrottleTransportContract : TransportContract
{
    internal override ITransport Create() => new ThrottleTransport(new MemoryTransport(), 3);
}

public sealed class LoggingTransportContract : TransportContract
{
    internal override ITransport Create() => new LoggingTransport(new MemoryTransport(), NullObserver.Instance, TimeProvider.System);
}

/// <summary>All decorators around a folder, as a network target has them.</summary>
public sealed class DecoratedFolderContract : TransportContract, IDisposable
{
    private readonly TempFolder _folder = new();

    internal override ITransport Create() =>
        TransportFactory.Decorate(new FolderTransport(_folder.Path, Clock), new TransportOptions { ArchiveFolder = "/nowhere", ThrottleLimit = 4 });

    public void Dispose() => _folder.Dispose();
}

[Collection(S3Gateway.Collection)]
[Needs(typeof(S3Gateway))]
public sealed class S3TransportContract(S3Gateway gateway) : TransportContract
{
    /// <summary>Only over TLS (spec 10.4).</summary>
    internal override bool SetsAside => false;

    internal override ITransport Create() => new S3Transport(gateway.NewTarget(), gateway.Options());
}

[Collection(S3Gateway.Collection)]
[Needs(typeof(S3Gateway))]
public sealed class S3OverTlsContract(S3Gateway gateway) : TransportContract
{
    internal override ITransport Create() =>
        new S3Transport(gateway.NewTarget(), gateway.Options(gateway.Access(secure: true)), gateway.Trusting());
}

[Collection(S3Gateway.Collection)]
[Needs(typeof(S3Gateway))]
public sealed class DecoratedS3Contract(S3Gateway gateway) : TransportContract
{
    internal override bool SetsAside => false;

    internal override ITransport Create() => TransportFactory.Decorate(
        new S3Transport(gateway.NewTarget(), gateway.Options()), gateway.Options());
}
