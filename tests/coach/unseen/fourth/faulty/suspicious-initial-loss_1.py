import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import Dataset, DataLoader

torch.manual_seed(90)


class Textures(Dataset):
    def __init__(self, n):
        self.label = torch.randint(0, 8, (n,))
        g = torch.arange(10).float()
        freq = 0.5 + 0.3 * (self.label % 4).float().view(-1, 1, 1)
        vertical = (self.label >= 4).float().view(-1, 1, 1)
        rows, cols = g.view(1, 10, 1), g.view(1, 1, 10)
        img = vertical * torch.sin(freq * rows) + (1 - vertical) * torch.sin(freq * cols)
        img = img.expand(n, 10, 10) + 0.25 * torch.randn(n, 10, 10)
        self.img = ((img - img.mean()) / img.std()).unsqueeze(1)

    def __len__(self):
        return len(self.label)

    def __getitem__(self, i):
        return self.img[i], self.label[i]


class TextureNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 16, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(16)
        self.fc = nn.Linear(16 * 5 * 5, 8)
        nn.init.normal_(self.fc.weight)  # coach: suspicious-initial-loss
        nn.init.zeros_(self.fc.bias)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn(self.conv(x))), 2)
        return self.fc(x.flatten(1))  # coach-also: bad-init


class Trainer:
    def __init__(self, model):
        self.model, self.opt = model, torch.optim.Adam(model.parameters(), lr=2e-3)

    def fit(self, loader, epochs):
        self.model.train()
        for epoch in range(epochs):
            for step, (img, label) in enumerate(loader):
                self.opt.zero_grad()
                loss = F.cross_entropy(self.model(img), label)
                loss.backward()
                self.opt.step()
                if step % 5 == 0:
                    print(f"epoch {epoch} step {step} loss {loss.item():.3f}")


Trainer(TextureNet()).fit(DataLoader(Textures(480), batch_size=32, shuffle=True), epochs=4)
