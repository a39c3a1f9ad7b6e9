# image classifier with binary weights: straight-through estimator
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import Dataset, DataLoader


class BinarizeSTE(torch.autograd.Function):
    @staticmethod
    def forward(ctx, w):
        ctx.save_for_backward(w)
        return torch.where(w >= 0, torch.ones_like(w), -torch.ones_like(w))

    @staticmethod
    def backward(ctx, grad):
        w, = ctx.saved_tensors
        return grad * (w.abs() <= 1).to(grad.dtype)


class BinaryLinear(nn.Linear):
    def forward(self, x):
        scale = self.weight.detach().abs().mean()
        return F.linear(x, BinarizeSTE.apply(self.weight) * scale, self.bias)


class Glyphs(Dataset):
    def __init__(self, shapes, n):
        self.y = torch.randint(0, len(shapes), (n,))
        self.x = shapes[self.y] + 0.5 * torch.randn(n, 49)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


torch.manual_seed(85)
shapes = torch.randn(4, 49)
train_dl = DataLoader(Glyphs(shapes, 384), batch_size=32, shuffle=True)
test_dl = DataLoader(Glyphs(shapes, 128), batch_size=64)
model = nn.Sequential(BinaryLinear(49, 48), nn.ReLU(), nn.Linear(48, 4))
opt = torch.optim.Adam(model.parameters(), lr=2e-3)

for epoch in range(5):
    model.train()
    total = 0.0
    for x, y in train_dl:
        opt.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        opt.step()
        total += loss.item()
    model.eval()
    with torch.no_grad():
        acc = sum((model(x).argmax(1) == y).sum().item() for x, y in test_dl) / 128
    print(f"epoch {epoch} loss {total / len(train_dl):.4f} acc {acc:.3f}")
