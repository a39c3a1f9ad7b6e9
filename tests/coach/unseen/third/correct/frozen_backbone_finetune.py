import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(1)


class Backbone(nn.Module):
    def __init__(self, dim=20, width=64):
        super().__init__()
        self.fc1 = nn.Linear(dim, width, bias=False)
        self.bn = nn.BatchNorm1d(width)
        self.fc2 = nn.Linear(width, width)

    def forward(self, x):
        return F.relu(self.fc2(F.relu(self.bn(self.fc1(x)))))


class TransferModel(nn.Module):
    def __init__(self, backbone, width, classes):
        super().__init__()
        self.backbone = backbone
        self.head = nn.Linear(width, classes)
        for p in self.backbone.parameters():
            p.requires_grad_(False)

    def train(self, mode=True):
        super().train(mode)
        self.backbone.eval()  # the frozen statistics stay as they are
        return self

    def forward(self, x):
        return self.head(self.backbone(x))


def blobs(protos, n, spread=1.0):
    y = torch.arange(n) % len(protos)
    return TensorDataset(protos[y] + spread * torch.randn(n, protos.shape[1]), y)


@torch.no_grad()
def accuracy(model, loader):
    model.eval()
    return sum((model(x).argmax(1) == y).sum().item() for x, y in loader) / len(loader.dataset)


def fit(model, params, loader, lr, epochs, test_loader=None):
    optimizer = torch.optim.Adam(params, lr=lr)
    for epoch in range(epochs):
        model.train()
        for x, y in loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if test_loader is not None:
            print(f"epoch {epoch} test acc {accuracy(model, test_loader):.3f}")


source, target = torch.randn(6, 20), torch.randn(3, 20)
backbone = Backbone()
pretrain = nn.Sequential(backbone, nn.Linear(64, 6))
fit(pretrain, pretrain.parameters(), DataLoader(blobs(source, 384), batch_size=48, shuffle=True), lr=2e-3, epochs=4)

model = TransferModel(backbone, 64, classes=3)
train_loader = DataLoader(blobs(target, 240), batch_size=40, shuffle=True)
test_loader = DataLoader(blobs(target, 120), batch_size=60)
fit(model, model.head.parameters(), train_loader, lr=3e-3, epochs=10, test_loader=test_loader)
