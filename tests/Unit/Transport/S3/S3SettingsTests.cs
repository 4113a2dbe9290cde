using ArtifactSync.Errors;
using ArtifactSync.Transport;
using ArtifactSync.Transport.S3;

namespace ArtifactSync.Tests.Transport;

[Trait("Category", "Transport")]
public sealed class S3SettingsTests
{
    [Theory]
    [InlineData("s3://bucket", "bucket", "")]
    [InlineData("s3://bucket/", "bucket", "")]
    [InlineData("s3://my.bucket-1//team/agents///", "my.bucket-1", "team/agents/")]
    [InlineData("s3://bucket/a//b", "bucket", "a//b/")]
    [InlineData("s3://bucket/ä b+c", "bucket", "ä b+c/")]
    public void Parse_Address_GivesBucketAndPrefix(string target, string bucket, string prefix) =>
        Assert.Equal(new S3Location(bucket, prefix), S3Location.Parse(target));

    [Theory]
    [InlineData("S3://bucket"), InlineData("s3://"), InlineData("s3:///prefix"), InlineData("s3://user:geheim@bucket/p")]
    [InlineData("s3://bucket:9000/p"), InlineData("s3://bucket/p?versionId=geheim"), InlineData("s3://bucket/p#geheim"), InlineData("s3://b/../c")]
    [InlineData("s3://bucket/a/./b"), InlineData("s3://bucket/a\nb"), InlineData("s3://bucket/a\\b")]
    public void Parse_NoAddress_IsRefusedWithoutRepeatingIt(string target)
    {
        var error = Assert.Throws<ArtifactSyncException>(() => S3Location.Parse(target));
        Assert.Equal(ErrorCode.InvalidTarget, error.Code);
        Assert.DoesNotContain("geheim", error.Message + error.Target, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", null, "us-east-1", false)]
    [InlineData("AWS_REGION=eu-a", null, "eu-a", false)]
    [InlineData("AWS_REGION=eu-a;AGENTSVIEW_S3_REGION=eu-b", null, "eu-b", false)]
    [InlineData("AWS_REGION=eu-a;AGENTSVIEW_S3_REGION=eu-b;ARTIFACTSYNC_S3_REGION=eu-c", null, "eu-c", false)]
    [InlineData("AGENTSVIEW_S3_ENDPOINT=minio.example.org:9000/path?x=1", "https://minio.example.org:9000/", "us-east-1", true)]
    [InlineData("AGENTSVIEW_S3_ENDPOINT=other.example.org;ARTIFACTSYNC_S3_ENDPOINT=https://minio.example.org", "https://minio.example.org/", "us-east-1", true)]
    [InlineData("AWS_ENDPOINT_URL_S3=https://a.example.org", "https://a.example.org/", "us-east-1", true)]
    [InlineData("AGENTSVIEW_S3_ENDPOINT=a.example.org;ARTIFACTSYNC_S3_PATH_STYLE=false", "https://a.example.org/", "us-east-1", false)]
    [InlineData("AGENTSVIEW_S3_PATH_STYLE=true", null, "us-east-1", true)]
    [InlineData("AGENTSVIEW_S3_PATH_STYLE=1", null, "us-east-1", false)]
    [InlineData("ARTIFACTSYNC_S3_PATH_STYLE=1", null, "us-east-1", true)]
    public void Resolve_Environment_IsReadInTheAgreedOrder(string variables, string? endpoint, string region, bool pathStyle)
    {
        var settings = Resolve(variables);
        Assert.Equal((endpoint, region, pathStyle), (settings.Endpoint?.AbsoluteUri, settings.Region, settings.PathStyle));
    }

    [Theory]
    [InlineData("ARTIFACTSYNC_S3_ENDPOINT=http://minio.example.org", false)]
    [InlineData("ARTIFACTSYNC_S3_ENDPOINT=http://10.0.0.1:9000;ARTIFACTSYNC_S3_ALLOW_INSECURE=no", false)]
    [InlineData("ARTIFACTSYNC_S3_ENDPOINT=http://localhost.example.org", false)]
    [InlineData("ARTIFACTSYNC_S3_ENDPOINT=http://minio.example.org;ARTIFACTSYNC_S3_ALLOW_INSECURE= Yes ", true)]
    [InlineData("ARTIFACTSYNC_S3_ENDPOINT=http://minio.example.org;AGENTSVIEW_ALLOW_INSECURE_S3_ENDPOINT=1", true)]
    [InlineData("ARTIFACTSYNC_S3_ENDPOINT=http://localhost:9000", true)]
    [InlineData("ARTIFACTSYNC_S3_ENDPOINT=http://127.8.9.1", true)]
    [InlineData("ARTIFACTSYNC_S3_ENDPOINT=http://[::1]:9000", true)]
    public void Resolve_PlainHttp_NeedsLoopbackOrPermission(string variables, bool allowed)
    {
        if (allowed)
        {
            Assert.False(Resolve(variables).IsSecure);
        }
        else
        {
            Assert.Equal(ErrorCode.TargetInsecure, Assert.Throws<ArtifactSyncException>(() => Resolve(variables)).Code);
        }
    }

    [Theory]
    [InlineData("ftp://minio.example.org"), InlineData("https://me:geheim@minio.example.org"), InlineData("https://")]
    public void Resolve_EndpointThatIsNone_IsRefused(string endpoint)
    {
        var error = Assert.Throws<ArtifactSyncException>(() => Resolve($"ARTIFACTSYNC_S3_ENDPOINT={endpoint}"));
        Assert.Equal(ErrorCode.InvalidTarget, error.Code);
        Assert.DoesNotContain("geheim", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Resolve_HalfACredential_IsMissing()
    {
        Assert.Equal(ErrorCode.CredentialMissing, Assert.Throws<ArtifactSyncException>(() => Resolve("AWS_ACCESS_KEY_ID=a")).Code);
        var access = new TargetAccess { AccessKeyId = "a", SecretKey = new() };
        Assert.Equal(ErrorCode.CredentialMissing, Assert.Throws<ArtifactSyncException>(() => S3Settings.Resolve(access, _ => null)).Code);
    }

    [Fact]
    public void Resolve_GivenCredential_ComesBeforeTheEnvironment()
    {
        var access = new TargetAccess { AccessKeyId = "given", SecretKey = Doubles.S3Gateway.Secure("secret") };
        var keys = S3Settings.Resolve(access, name => name.StartsWith("AWS_", StringComparison.Ordinal) && name != "AWS_CA_BUNDLE" && !name.Contains("URL") ? "env" : null).Keys!;
        Assert.Equal(("given", "secret", null), (keys.Id, keys.Secret, keys.Session));

        keys = Resolve("AWS_ACCESS_KEY_ID=a;AWS_SECRET_ACCESS_KEY=b;AWS_SESSION_TOKEN=c").Keys!;
        Assert.Equal(("a", "b", "c"), (keys.Id, keys.Secret, keys.Session));
        Assert.Null(Resolve("").Keys);
    }

    private static S3Settings Resolve(string variables)
    {
        var environment = variables.Split(';', StringSplitOptions.RemoveEmptyEntries)
            .Select(pair => pair.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
        return S3Settings.Resolve(TargetAccess.None, environment.GetValueOrDefault);
    }
}
