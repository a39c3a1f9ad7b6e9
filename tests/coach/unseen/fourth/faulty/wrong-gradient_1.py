import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import Dataset, DataLoader


class MemorySwish(torch.autograd.Function):
    """x * sigmoid(x), keeps only the input for the way back."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, grad_out):
        x, = ctx.saved_tensors
        s = torch.sigmoid(x)
        return grad_out * (s + s * (1 - s))  # coach: wrong-gradient; fix: x * s * (1 - s)


class Swish(nn.Module):
    def forward(self, x):
        return MemorySwish.apply(x)


class Corners(Dataset):
    def __init__(self, n):
        self.corner = torch.randint(0, 4, (n,))
        self.img = 0.6 * torch.randn(n, 1, 8, 8)
        for i, c in enumerate(self.corner.tolist()):
            r, k = divmod(c, 2)
            self.img[i, 0, 4 * r:4 * r + 4, 4 * k:4 * k + 4] += 0.8

    def __len__(self):
        return len(self.corner)

    def __getitem__(self, i):
        return self.img[i], self.corner[i]


torch.manual_seed(15)
train_dl = DataLoader(Corners(320), batch_size=32, shuffle=True)
valid_dl = DataLoader(Corners(96), batch_size=96)
model = nn.Sequential(
    nn.Conv2d(1, 8, 3, padding=1), Swish(), nn.MaxPool2d(2),
    nn.Conv2d(8, 16, 3, padding=1), Swish(), nn.Flatten(),
    nn.Linear(16 * 4 * 4, 4),
)
optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)

for epoch in range(4):
    model.train()
    for img, corner in train_dl:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(img), corner)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        for img, corner in valid_dl:
            print(f"epoch {epoch} loss {loss.item():.4f} acc {(model(img).argmax(1) == corner).float().mean().item():.3f}")
