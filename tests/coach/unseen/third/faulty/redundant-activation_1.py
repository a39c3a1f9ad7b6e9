import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


def conv_bn_relu(cin, cout, stride=1):
    return nn.Sequential(
        nn.Conv2d(cin, cout, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(cout),
        nn.ReLU(inplace=True),  # coach-line: redundant-activation
    )


class SmallNet(nn.Module):
    def __init__(self, classes=4):
        super().__init__()
        self.stem = conv_bn_relu(3, 8)
        self.stage1 = conv_bn_relu(8, 16, stride=2)
        self.stage2 = conv_bn_relu(16, 16)
        self.fc = nn.Linear(16, classes)

    def forward(self, x):
        x = self.stem(x)
        x = self.stage1(x)
        x = F.relu(self.stage2(x))  # coach: redundant-activation; fix: x = self.stage2(x)
        x = x.mean(dim=(2, 3))
        return self.fc(x)


class Experiment:
    def __init__(self, model, lr, epochs, loader):
        self.model, self.loader, self.epochs = model, loader, epochs
        self.optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9, weight_decay=5e-4)
        self.scheduler = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, max_lr=lr, total_steps=epochs * len(loader))

    def run(self):
        self.model.train()
        for epoch in range(self.epochs):
            seen, hits = 0, 0
            for img, cls in self.loader:
                logits = self.model(img)
                loss = F.cross_entropy(logits, cls)
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
                self.scheduler.step()
                hits += int((logits.argmax(1) == cls).sum())
                seen += cls.numel()
            print(f"epoch {epoch} acc {hits / seen:.3f} lr {self.scheduler.get_last_lr()[0]:.4f}")


def textures(n=256, size=8):
    cls = torch.arange(n) % 4
    base = torch.randn(4, 3, size, size)
    img = 0.7 * base[cls] + torch.randn(n, 3, size, size)
    img = (img - img.mean(dim=(0, 2, 3), keepdim=True)) / img.std(dim=(0, 2, 3), keepdim=True)
    return TensorDataset(img, cls)


torch.manual_seed(33)
Experiment(SmallNet(), lr=0.05, epochs=5, loader=DataLoader(textures(), batch_size=32, shuffle=True)).run()
