using ArtifactSync.Errors;

namespace ArtifactSync.Tests.ErrorTests;

public sealed class ErrorCatalogTests
{
    public static TheoryData<ErrorCode> Codes => [.. Enum.GetValues<ErrorCode>()];

    [Theory]
    [MemberData(nameof(Codes))]
    public void Rows_EveryCode_HasAdvice(ErrorCode code)
    {
        Assert.True(ErrorCatalog.Has(code));
        Assert.InRange(ErrorCatalog.Action(code).Length, 20, 200);
        Assert.Equal(ErrorCatalog.Action(code), ErrorCatalog.Action(code.ToString()));
        Assert.Equal(ErrorCatalog.IsRetryable(code), ErrorCatalog.RetryableCodes.Contains(code));
    }

    [Fact]
    public void Action_UnknownText_IsNull()
    {
        Assert.Null(ErrorCatalog.Action((string?)null));
        Assert.Null(ErrorCatalog.Action("NoSuchCode"));
    }
}
