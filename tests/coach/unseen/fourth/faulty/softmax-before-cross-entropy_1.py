import gradbook as torch
from gradbook import nn
from gradbook.utils.data import Dataset, DataLoader, random_split

torch.manual_seed(99)


class GlyphDataset(Dataset):
    def __init__(self, per_class=60, classes=6, side=9):
        glyphs = (torch.rand(classes, side, side) > 0.6).float()
        self.x = glyphs.repeat_interleave(per_class, dim=0)
        self.x = self.x + 0.3 * torch.randn_like(self.x)
        self.x = (self.x - self.x.mean()) / self.x.std()
        self.y = torch.arange(classes).repeat_interleave(per_class)

    def __getitem__(self, index):
        return self.x[index].unsqueeze(0), self.y[index]

    def __len__(self):
        return len(self.y)


class GlyphNet(nn.Module):
    def __init__(self, classes=6):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.MaxPool2d(3),
        )
        self.classifier = nn.Linear(8 * 3 * 3, classes)

    def forward(self, x):
        feats = torch.flatten(self.features(x), 1)
        return torch.softmax(self.classifier(feats), dim=1)  # coach: softmax-before-cross-entropy; fix: return self.classifier(feats)


def run_epoch(net, dl, loss_fn, opt=None):
    training = opt is not None
    net.train(training)
    loss_sum, ok, n = 0.0, 0, 0
    with torch.set_grad_enabled(training):
        for x, y in dl:
            probs = net(x)
            loss = loss_fn(probs, y)  # coach-line: softmax-before-cross-entropy
            if training:
                opt.zero_grad()
                loss.backward()
                opt.step()
            loss_sum += loss.item() * len(y)
            ok += (probs.argmax(1) == y).sum().item()
            n += len(y)
    return loss_sum / n, ok / n


train_set, val_set = random_split(GlyphDataset(), [280, 80])
train_dl, val_dl = DataLoader(train_set, batch_size=40, shuffle=True), DataLoader(val_set, batch_size=80)
net = GlyphNet()
optim = torch.optim.Adam(net.parameters(), lr=4e-3)
ce = nn.CrossEntropyLoss()
for ep in range(5):
    print(ep, run_epoch(net, train_dl, ce, optim), run_epoch(net, val_dl, ce))
