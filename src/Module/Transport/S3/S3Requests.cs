using System.Diagnostics;
using System.Globalization;
using System.Net;
using ArtifactSync.Errors;
using ArtifactSync.Sync;

namespace ArtifactSync.Transport.S3;

/// <summary>
/// Between the SDK and the wire: refuses redirects, bounds every answer that is no object, counts, and tells each request
/// without headers and query.
/// </summary>
internal sealed class S3Requests(HttpMessageHandler inner, IRunObserver observer, TimeProvider clock) : DelegatingHandler(inner)
{
    /// <summary>A page of 512 keys has a third of it at most (spec 12).</summary>
    private const int LargestDocument = 1024 * 1024;

    /// <summary>Until the answer begins; a body that is sent has the time that it takes at 16 KiB/s besides.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private const double SlowestBytesPerSecond = 16 * 1024;

    private long _count;

    /// <summary>Requests so far.</summary>
    public long Count => Interlocked.Read(ref _count);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _count);
        var start = clock.GetTimestamp();
        var what = $"{request.Method} {request.RequestUri!.Host} {request.RequestUri.AbsolutePath}";
        HttpResponseMessage response;
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(Patience + TimeSpan.FromSeconds((request.Content?.Headers.ContentLength ?? 0) / SlowestBytesPerSecond));
            response = await base.SendAsync(request, limit.Token);
        }
        catch (OperationCanceledException fault) when (!cancellationToken.IsCancellationRequested)
        {
            observer.Debug($"{what}: no answer after {Elapsed(start)} ms");
            throw new TimeoutException($"No answer after {Elapsed(start)} ms.", fault);
        }
        catch (HttpRequestException fault)
        {
            observer.Debug($"{what}: {fault.HttpRequestError} after {Elapsed(start)} ms");
            throw;
        }

        observer.Debug($"{what}: {(int)response.StatusCode} after {Elapsed(start)} ms");
        if ((int)response.StatusCode is >= 300 and < 400 and not (int)HttpStatusCode.NotModified)
        {
            var region = response.Headers.TryGetValues("x-amz-bucket-region", out var values) ? values.First() : null;
            response.Dispose();
            throw new ArtifactSyncException(
                ErrorCode.TargetProtocolError,
                region is { Length: > 0 and < 32 } && region.All(c => char.IsAsciiLetterOrDigit(c) || c == '-')
                    ? $"The bucket is in the region '{region}': set AWS_REGION. Redirects are not followed."
                    : "The store redirects to another address. Redirects are not followed: name the region or the endpoint of the bucket.");
        }

        if (!IsObject(request, response))
        {
            response.Content = await BoundAsync(response, cancellationToken);
        }

        return response;
    }

    private string Elapsed(long start) => clock.GetElapsedTime(start).TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture);

    private static bool IsObject(HttpRequestMessage request, HttpResponseMessage response) =>
        request.Method == HttpMethod.Head
        || (response.IsSuccessStatusCode && request.Method == HttpMethod.Get && !request.RequestUri!.Query.Contains("list-type=", StringComparison.Ordinal));

    private static async Task<HttpContent> BoundAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        using var old = response.Content;
        using var copy = new MemoryStream();
        await using var body = await old.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[16 * 1024];
        for (int read; (read = await body.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            copy.Write(buffer, 0, read);
            if (copy.Length > LargestDocument)
            {
                response.Dispose();
                throw new ArtifactSyncException(ErrorCode.TargetListingInvalid, $"The store's answer goes on after {LargestDocument} bytes.");
            }
        }

        var content = new ByteArrayContent(copy.ToArray());
        foreach (var header in old.Headers)
        {
            content.Headers.TryAddWithoutValidation(header.Key, header.Value);
        }

        return content;
    }
}
