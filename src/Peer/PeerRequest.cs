using System.Buffers;
using System.Text;
using System.Text.Json;
using ArtifactSync.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ArtifactSync.Peer;

/// <summary>One request on its way through a route.</summary>
/// <param name="context">Of Kestrel.</param>
/// <param name="route">Null where there is none.</param>
/// <param name="limits">Of the listener.</param>
/// <param name="spoolFolder">Private; for bodies that are too large for memory.</param>
internal sealed class PeerRequest(HttpContext context, PeerRoute? route, PeerLimits limits, string spoolFolder)
{
    /// <summary>
    /// Of a body that nobody wants so much is taken off the connection, so that its sender gets to read the answer; a longer one
    /// is cut off. Routes that want one raise this.
    /// </summary>
    public const long IgnoredBytes = 2 * 1024 * 1024;

    public string Method => context.Request.Method;

    /// <summary>The client went away, or the listener is being stopped.</summary>
    public CancellationToken Aborted => context.RequestAborted;

    public bool IsHead => HttpMethods.IsHead(Method);

    public string? Header(string name) => context.Request.Headers.TryGetValue(name, out var value) ? value.ToString() : null;

    /// <summary>A query member; null when it is absent or empty.</summary>
    public string? Query(string name) => context.Request.Query.TryGetValue(name, out var value) && value.ToString() is { Length: > 0 } text ? text : null;

    /// <summary>The whole body, bounded by the route.</summary>
    public Task<RequestBody> ReadBodyAsync()
    {
        var limit = route?.BodyLimit ?? 0;
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } feature)
        {
            feature.MaxRequestBodySize = Math.Max(limit, IgnoredBytes);
        }
        return RequestBody.ReadAsync(context.Request, limit, limits.MemoryBytes, spoolFolder, Aborted);
    }

    public Task EmptyAsync(int status)
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }

    public Task JsonAsync(int status, Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }
        return BytesAsync(status, "application/json", buffer.WrittenMemory);
    }

    public Task TextAsync(int status, string text)
    {
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return BytesAsync(status, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(text + "\n"));
    }

    /// <summary>A refusal in the shape that the route has for errors.</summary>
    public Task ErrorAsync(int status, string text) => route is { JsonErrors: true }
        ? JsonAsync(status, json => json.WriteString("error", text))
        : TextAsync(status, text);

    /// <summary>An artifact; the stream has exactly <paramref name="length"/> bytes left.</summary>
    public async Task ArtifactAsync(Stream wire, long length)
    {
        var response = context.Response;
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "application/octet-stream";
        response.ContentLength = length;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.CacheControl = "no-store";
        if (!IsHead)
        {
            await wire.CopyToAsync(response.Body, 64 * 1024, Aborted);
        }
    }

    public void SetHeader(string name, string value) => context.Response.Headers[name] = value;

    /// <summary>Answers a fault of the engine with the status of its code (spec 10.6).</summary>
    public Task FaultAsync(ArtifactSyncException fault)
    {
        var (status, text) = PeerStatusCodes.Of(fault);
        if (status == StatusCodes.Status503ServiceUnavailable)
        {
            context.Response.Headers.RetryAfter = "5";
        }
        return ErrorAsync(status, text);
    }

    public async Task BytesAsync(int status, string type, ReadOnlyMemory<byte> bytes)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        context.Response.ContentLength = bytes.Length;
        if (!IsHead)
        {
            await context.Response.Body.WriteAsync(bytes, Aborted);
        }
    }
}
