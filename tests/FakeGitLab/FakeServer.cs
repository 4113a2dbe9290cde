using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ArtifactSync.FakeGitLab;

/// <summary>A request as it arrived.</summary>
public sealed record SeenRequest(string Path, string Query, string? Authorization);

/// <summary>A GitLab server on loopback, over real HTTP: projects, items, their lists in pages, the user, and an embedding endpoint.</summary>
public sealed class FakeServer : IAsyncDisposable
{
    private const string Api = "/api/v4/";
    private readonly WebApplication _app;

    private FakeServer(WebApplication app) => _app = app;

    public string Url { get; private set; } = "";

    public ConcurrentDictionary<string, long> Projects { get; } = new(StringComparer.OrdinalIgnoreCase);

    public ConcurrentDictionary<(long Project, string Type, long Iid), FakeItem> Items { get; } = [];

    public ConcurrentQueue<SeenRequest> Requests { get; } = [];

    /// <summary>The only token that is let in; null = every token is.</summary>
    public string? Token { get; set; }

    public long UserId { get; set; } = 9001;

    /// <summary>Before each answer.</summary>
    public TimeSpan Latency { get; set; }

    /// <summary>Whether <c>X-Total</c> is sent, which GitLab leaves out of long lists.</summary>
    public bool HasTotals { get; set; } = true;

    /// <summary>Looks at each request first; true = it has answered.</summary>
    public Func<HttpContext, Task<bool>>? Intercept { get; set; }

    public static async Task<FakeServer> StartAsync(bool https = false)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            if (https)
            {
                listen.UseHttps(SelfSigned());
            }
        }));
        var app = builder.Build();
        var server = new FakeServer(app);
        app.Run(server.AnswerAsync);
        await app.StartAsync();
        server.Url = app.Urls.First();
        return server;
    }

    public FakeItem Add(FakeItem item)
    {
        Items[(item.Body["project_id"]!.GetValue<long>(), item.Type, item.Iid)] = item;
        return item;
    }

    public void Fail(string pathPart, GoldenError error, int times = int.MaxValue, IReadOnlyDictionary<string, string>? headers = null)
    {
        var (left, before) = (times, Intercept);
        Intercept = async context =>
        {
            if (context.Request.Path.Value!.Contains(pathPart, StringComparison.Ordinal) && Interlocked.Decrement(ref left) >= 0)
            {
                await WriteAsync(context, error.Status, error.ContentType, Encoding.UTF8.GetBytes(error.Body), headers ?? error.Headers);
                return true;
            }
            return before is not null && await before(context);
        };
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    public static async Task WriteAsync(
        HttpContext context, int status, string contentType, ReadOnlyMemory<byte> body, IReadOnlyDictionary<string, string>? headers = null)
    {
        context.Response.StatusCode = status;
        foreach (var (name, value) in headers ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            context.Response.Headers[name] = value;
        }
        context.Response.ContentType = contentType;
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body);
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var authorization = context.Request.Headers.Authorization.ToString();
        var path = RawPath(context);
        Requests.Enqueue(new SeenRequest(path, context.Request.QueryString.Value ?? "", authorization.Length > 0 ? authorization : null));
        if (Latency > TimeSpan.Zero)
        {
            await Task.Delay(Latency);
        }
        if (Intercept is { } intercept && await intercept(context))
        {
            return;
        }
        if (path == "/api/embed")
        {
            await FakeEmbedding.AnswerAsync(context);
        }
        else if (Token is not null && authorization != "Bearer " + Token)
        {
            await ErrorAsync(context, 401, "401 Unauthorized");
        }
        else if (path.StartsWith(Api, StringComparison.Ordinal))
        {
            await AnswerApiAsync(context, path[Api.Length..].Split('/'));
        }
        else
        {
            await ErrorAsync(context, 404, "404 Not Found");
        }
    }

    private Task AnswerApiAsync(HttpContext context, string[] parts) => parts switch
    {
        ["user"] => JsonAsync(context, Encoding.UTF8.GetBytes($$"""{"id":{{UserId}},"username":"user-1"}""")),
        ["projects", var name] => ProjectAsync(context, Uri.UnescapeDataString(name)),
        ["projects", var id, "issues" or "merge_requests", var iid, .. var rest] =>
            ItemAsync(context, long.Parse(id, CultureInfo.InvariantCulture), parts[2] == "issues" ? "issue" : "merge_request",
                long.Parse(iid, CultureInfo.InvariantCulture), rest.Length > 0 ? rest[0] : null),
        _ => ErrorAsync(context, 404, "404 Not Found"),
    };

    private Task ProjectAsync(HttpContext context, string name)
    {
        var found = Projects.FirstOrDefault(p => p.Key.Equals(name, StringComparison.OrdinalIgnoreCase) || p.Value.ToString(CultureInfo.InvariantCulture) == name);
        return found.Key is null
            ? ErrorAsync(context, 404, "404 Project Not Found")
            : JsonAsync(context, Encoding.UTF8.GetBytes(new JsonObject { ["id"] = found.Value, ["path_with_namespace"] = found.Key }.ToJsonString()));
    }

    private Task ItemAsync(HttpContext context, long project, string type, long iid, string? list)
    {
        if (!Items.TryGetValue((project, type, iid), out var item))
        {
            return ErrorAsync(context, 404, type == "issue" ? "404 Issue Not Found" : "404 Not found");
        }
        if (list is null)
        {
            return JsonAsync(context, item.Render("body", () => item.Body));
        }
        var page = int.Parse(context.Request.Query["page"].ToString() is { Length: > 0 } text ? text : "1", CultureInfo.InvariantCulture);
        if (item.Pages.TryGetValue(list, out var pages))
        {
            return JsonAsync(context, Encoding.UTF8.GetBytes(pages[page - 1].Body), pages[page - 1].Headers);
        }
        return PageAsync(context, item, list, page);
    }

    private Task PageAsync(HttpContext context, FakeItem item, string list, int page)
    {
        var size = Math.Min(100, int.Parse(context.Request.Query["per_page"].ToString() is { Length: > 0 } text ? text : "20", CultureInfo.InvariantCulture));
        var all = item.List(list);
        var next = page * size < all.Count ? $"{page + 1}" : "";
        var headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["x-page"] = $"{page}", ["x-per-page"] = $"{size}", ["x-next-page"] = next };
        if (HasTotals)
        {
            headers["x-total"] = $"{all.Count}";
        }
        return JsonAsync(context, item.Render($"{list}/{size}/{page}", () => new JsonArray([.. all.Skip((page - 1) * size).Take(size).Select(n => n?.DeepClone())])), headers);
    }

    private static Task JsonAsync(HttpContext context, byte[] body, IReadOnlyDictionary<string, string>? headers = null) =>
        WriteAsync(context, 200, "application/json", body, headers?.Where(h => !h.Key.Equals("content-type", StringComparison.OrdinalIgnoreCase))
            .ToDictionary(h => h.Key, h => h.Value, StringComparer.Ordinal));

    private static Task ErrorAsync(HttpContext context, int status, string message) =>
        WriteAsync(context, status, "application/json", Encoding.UTF8.GetBytes(new JsonObject { ["message"] = message }.ToJsonString()));

    /// <summary>With <c>%2F</c> as it was sent: the parsed path has it decoded in places.</summary>
    private static string RawPath(HttpContext context) =>
        context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget.Split('?')[0];

    private static X509Certificate2 SelfSigned()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }
}
