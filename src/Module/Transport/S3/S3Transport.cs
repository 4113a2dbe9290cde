using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Amazon.S3;
using Amazon.S3.Model;
using ArtifactSync.Errors;
using ArtifactSync.Sync;
using ArtifactSync.Wire;

namespace ArtifactSync.Transport.S3;

/// <summary>A target that is a bucket of Amazon S3 or of a store that speaks its protocol (spec 10.4).</summary>
internal sealed class S3Transport : ITransport
{
    /// <summary>The most that one request may put.</summary>
    private const long LargestPut = 5L * 1024 * 1024 * 1024;

    /// <summary>Stray keys that are named to the user; the others only counted.</summary>
    private const int MostWarnings = 5;

    private readonly S3Location _location;
    private readonly S3Settings _settings;
    private readonly TransportOptions _options;
    private readonly S3Requests _requests;
    private readonly HttpClient _http;
    private readonly AmazonS3Client _client;
    private readonly S3Listing _listing;
    private readonly NameSorter _ignored = new();
    private readonly ConcurrentDictionary<string, bool> _named = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _probing = new(1);
    private bool? _conditional;
    private bool _probed;

    /// <param name="target">The address as the user gave it.</param>
    /// <param name="options">Access, limits and whom to tell.</param>
    /// <param name="handler">For tests that stand between us and the store.</param>
    /// <exception cref="ArtifactSyncException">As <see cref="S3Location.Parse"/> and <see cref="S3Settings.Resolve"/>.</exception>
    public S3Transport(string target, TransportOptions options, HttpMessageHandler? handler = null)
    {
        _location = S3Location.Parse(target);
        _settings = S3Settings.Resolve(options.Access, options.ReadEnvironment);
        _options = options;
        Name = _settings.Endpoint is { } endpoint ? $"{_location} ({endpoint.GetLeftPart(UriPartial.Authority)})" : _location.ToString();
        _requests = new S3Requests(handler ?? S3Sockets.Create(_settings, options.ThrottleLimit), options.Observer, options.Clock);
        _http = new HttpClient(_requests) { Timeout = Timeout.InfiniteTimeSpan }; // S3Requests has one that knows the size
        _client = S3ClientFactory.Create(_settings, _http);
        _listing = new S3Listing(_client, _location.Bucket, Name);
    }

    public string Name { get; }

    public IgnoredNames Ignored => _ignored.Total;

    public TransportTraits Traits => new()
    {
        OrderedListing = true,
        BulkByReference = true,
        CanRemove = true,
        ConditionalCreate = _conditional ?? true,
        IsSecure = _settings.IsSecure,
    };

    /// <summary>Requests so far.</summary>
    public long Requests => _requests.Count;

    private string BucketName => (_settings.Endpoint?.GetLeftPart(UriPartial.Authority) ?? "aws") + "/" + _location.Bucket;

    public Task<IReadOnlyList<string>> ListOriginsAsync(Action<string, ArtifactSyncException> onFault, CancellationToken cancellationToken) =>
        Do("Listing the origins", async () =>
        {
            var origins = new List<string>();
            await foreach (var entry in _listing.ReadAsync(_location.Prefix, startAfter: null, prefixes: true, cancellationToken))
            {
                var name = entry.Key.TrimEnd('/');
                if (entry.Key.Length == name.Length + 1 && OriginId.IsValid(name))
                {
                    origins.Add(name);
                }
                else
                {
                    Stray(entry.Key);
                }
            }

            origins.Sort(StringComparer.Ordinal);
            await ProbeAsync(cancellationToken);
            return (IReadOnlyList<string>)origins;
        }, cancellationToken);

    public Task<string?> GetListingTokenAsync(string origin, ArtifactKind kind, CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested ? Task.FromCanceled<string?>(cancellationToken) : Task.FromResult<string?>(null);

    public async IAsyncEnumerable<RemoteEntry> ListAsync(
        string origin, ArtifactKind kind, string? startAfter, Action<ArtifactRef, ArtifactSyncException> onFault,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        OriginId.Require(origin);
        var folder = $"{origin}/{ArtifactName.KindDirectory(kind)}/";
        await using var entries = _listing.ReadAsync(_location.Prefix + folder, startAfter, prefixes: false, cancellationToken)
            .GetAsyncEnumerator(cancellationToken);
        while (await Do($"Listing '{folder}'", async () => await entries.MoveNextAsync(), cancellationToken))
        {
            if (ArtifactName.TryParse(origin, kind, entries.Current.Key, out var artifact))
            {
                yield return new RemoteEntry(artifact, entries.Current.Size, Nanoseconds(entries.Current.Modified));
            }
            else
            {
                Stray(folder + entries.Current.Key);
            }
        }
    }

    public Task<RemoteEntry?> FindAsync(ArtifactRef artifact, CancellationToken cancellationToken) =>
        Do($"Looking for '{artifact}'", async () =>
        {
            try
            {
                var found = await _client.GetObjectMetadataAsync(_location.Bucket, Key(artifact), cancellationToken);
                return new RemoteEntry(artifact, found.ContentLength, Nanoseconds(found.LastModified));
            }
            catch (AmazonS3Exception fault) when (S3Faults.IsMissingKey(fault))
            {
                return (RemoteEntry?)null;
            }
        }, cancellationToken);

    public Task<Stream> OpenReadAsync(ArtifactRef artifact, CancellationToken cancellationToken) =>
        Do($"Reading '{artifact}'", async () =>
        {
            try
            {
                var response = await _client.GetObjectAsync(_location.Bucket, Key(artifact), cancellationToken);
                var body = new S3ReadStream(
                    response.ResponseStream, response.ContentLength, response, fault => S3Faults.Map(fault, $"Reading '{artifact}'", Name),
                    cancellationToken);
                return (Stream)new CappedStream(body, Limits.Encoded(artifact.Kind) + 1);
            }
            catch (AmazonS3Exception fault) when (S3Faults.IsMissingKey(fault))
            {
                throw new ArtifactSyncException(ErrorCode.ArtifactNotFound, $"'{artifact}' is not at '{Name}' (any more). Run again.", artifact.Path);
            }
        }, cancellationToken);

    public Task<PutOutcome> PutAsync(ArtifactRef artifact, Stream wire, long wireSize, CancellationToken cancellationToken)
    {
        if (wireSize > LargestPut)
        {
            return Task.FromException<PutOutcome>(new ArtifactSyncException(
                ErrorCode.ArtifactTooLarge, $"'{artifact}' has {wireSize} bytes; buckets take {LargestPut} at once.", artifact.Path));
        }

        if (wire.Length - wire.Position != wireSize)
        {
            return Task.FromException<PutOutcome>(new ArtifactSyncException(
                ErrorCode.TransferIncomplete,
                $"'{artifact}' has {wire.Length - wire.Position} bytes instead of {wireSize}; nothing was sent.", artifact.Path));
        }

        return Do($"Writing '{artifact}'", async () =>
        {
            await ProbeAsync(cancellationToken);
            return _conditional == false
                ? await PutPlainAsync(artifact, wire, cancellationToken)
                : await PutAsync(artifact, wire, conditional: true, cancellationToken);
        }, cancellationToken);
    }

    public Task<IReadOnlyList<UnsettledPut>> FlushAsync(CancellationToken cancellationToken) => cancellationToken.IsCancellationRequested
        ? Task.FromCanceled<IReadOnlyList<UnsettledPut>>(cancellationToken)
        : Task.FromResult<IReadOnlyList<UnsettledPut>>([]); // an answered put is durable

    public async Task<bool> SetAsideDamagedAsync(ArtifactRef artifact, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return artifact.Kind != ArtifactKind.Checkpoints && _settings.IsSecure && await RemoveAsync(artifact, cancellationToken);
    }

    public Task<bool> RemoveAsync(ArtifactRef artifact, CancellationToken cancellationToken) =>
        Do($"Removing '{artifact}'", async () =>
        {
            await _client.DeleteObjectAsync(_location.Bucket, Key(artifact), cancellationToken);
            return true;
        }, cancellationToken);

    public Task CompleteAsync(CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested ? Task.FromCanceled(cancellationToken) : Task.CompletedTask;

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        _http.Dispose();
        _probing.Dispose();
        return ValueTask.CompletedTask;
    }


    private async Task<PutOutcome> PutAsync(ArtifactRef artifact, Stream wire, bool conditional, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await _client.PutObjectAsync(
                ConditionalCreate.Request(_location.Bucket, Key(artifact), wire, conditional), cancellationToken);
            return (int)answer.HttpStatusCode is 200 or 201
                ? PutOutcome.Created
                : throw new ArtifactSyncException(
                    ErrorCode.TargetProtocolError, $"the store answers {(int)answer.HttpStatusCode}, which is no answer to a put");
        }
        catch (AmazonS3Exception fault) when (conditional && S3Faults.IsTaken(fault))
        {
            return PutOutcome.Exists;
        }
    }

    /// <summary>
    /// Without the condition: what is named by its hash may be written twice, it is the same; of the others the one that stays
    /// is read back.
    /// </summary>
    private async Task<PutOutcome> PutPlainAsync(ArtifactRef artifact, Stream wire, CancellationToken cancellationToken)
    {
        if (await FindAsync(artifact, cancellationToken) is not null)
        {
            return PutOutcome.Exists;
        }

        var start = wire.Position;
        await PutAsync(artifact, wire, conditional: false, cancellationToken);
        if (artifact.Kind is not (ArtifactKind.Checkpoints or ArtifactKind.Meta))
        {
            return PutOutcome.Created;
        }

        wire.Position = start;
        await using var stored = await OpenReadAsync(artifact, cancellationToken);
        var (ours, theirs) = (await SHA256.HashDataAsync(wire, cancellationToken), await SHA256.HashDataAsync(stored, cancellationToken));
        return ours.AsSpan().SequenceEqual(theirs) ? PutOutcome.Created : PutOutcome.Exists;
    }

    /// <summary>Once a bucket: what was found out is remembered.</summary>
    private async Task ProbeAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _probed) || _options.DryRun)
        {
            return;
        }

        await _probing.WaitAsync(cancellationToken);
        try
        {
            if (_probed)
            {
                return;
            }

            _conditional = _options.Stores.ConditionalCreate(BucketName);
            if (_conditional is null)
            {
                var bytes = new byte[8];
                _options.Random.NextBytes(bytes);
                _conditional = await ConditionalCreate.ProbeAsync(
                    _client, _location, $".artifactsync-probe-{Convert.ToHexStringLower(bytes)}", cancellationToken);
                if (_conditional is { } known)
                {
                    _options.Stores.Remember(BucketName, known);
                }
            }

            if (_conditional == false)
            {
                _options.Observer.Warning(
                    $"{ErrorCode.ConditionalCreateUnsupported}: '{Name}' does not create conditionally (If-None-Match). Two machines that write "
                    + "one name at one moment can't be told apart there; checkpoints of other machines are not relayed to it.");
            }

            if (_settings.IsExposed)
            {
                _options.Observer.Warning(
                    $"'{Name}' is reached without encryption, as was allowed: what is exchanged can be read and changed on the way.");
            }

            Volatile.Write(ref _probed, true);
        }
        finally
        {
            _probing.Release();
        }
    }

    /// <summary>Original programs stop at such a key, so it is named.</summary>
    private void Stray(string key)
    {
        _ignored.Ignore(key);
        if (_named.Count < MostWarnings && _named.TryAdd(key, true))
        {
            var shown = new string([.. key.Take(300).Select(c => char.IsControl(c) ? '?' : c)]);
            _options.Observer.Warning(
                $"'{_location.Prefix}{shown}' in '{Name}' is no artifact and is passed over. Other programs may stop at it: remove it.");
        }
    }

    private string Key(ArtifactRef artifact) => _location.Prefix + artifact.Path;

    private static long Nanoseconds(DateTime? time) => time is { } at ? (at.ToUniversalTime() - DateTime.UnixEpoch).Ticks * 100 : -1;

    private async Task<T> Do<T>(string doing, Func<Task<T>> call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return await call();
        }
        catch (Exception fault) when (fault is not ArtifactSyncException { Target: not null }
            && !(fault is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            throw S3Faults.Map(fault, doing, Name);
        }
    }
}
