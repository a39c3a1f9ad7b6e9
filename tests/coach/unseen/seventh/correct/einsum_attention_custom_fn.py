import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(139)
HEADS, DIM, T = 4, 24, 7

class SoftplusFn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.clamp(x, min=0) + torch.log1p(torch.exp(-x.abs()))

    @staticmethod
    def backward(ctx, grad_out):
        return grad_out * torch.sigmoid(ctx.saved_tensors[0])


class MultiHead(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(DIM, 3 * DIM, bias=False)
        self.proj = nn.Linear(DIM, DIM)

    def forward(self, x):
        q, k, v = (a.reshape(len(x), T, HEADS, -1) for a in self.qkv(x).chunk(3, dim=-1))
        scores = torch.einsum("bqhd,bkhd->bhqk", q, k) / (DIM // HEADS) ** 0.5
        mixed = torch.einsum("bhqk,bkhd->bqhd", F.softmax(scores, dim=-1), v)
        return self.proj(mixed.reshape(len(x), T, DIM))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(DIM), nn.LayerNorm(DIM)
        self.attn = MultiHead()
        self.up, self.down = nn.Linear(DIM, 2 * DIM), nn.Linear(2 * DIM, DIM)

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.down(SoftplusFn.apply(self.up(self.norm2(x))))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(5, DIM)
        self.block = Block()
        self.head = nn.Linear(DIM, 1)

    def forward(self, x):
        return self.head(self.block(self.embed(x)).mean(dim=1)).squeeze(-1)


X = torch.randn(320, T, 5)
y = (X[..., 0] * X[..., 1]).mean(1) + X[..., 2].mean(1)
y = (y - y.mean()) / y.std()
loader = DataLoader(TensorDataset(X, y), batch_size=32, shuffle=True)
model = Model()
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(8):
    total = 0.0
    for xb, yb in loader:
        opt.zero_grad()
        loss = F.mse_loss(model(xb), yb)
        loss.backward()
        opt.step()
        total += loss.item() / len(loader)
    print(f"epoch {epoch}: {total:.4f}")
