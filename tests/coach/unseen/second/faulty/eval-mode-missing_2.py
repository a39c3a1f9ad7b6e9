import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class SmallCNN(nn.Module):
    def __init__(self, n_classes):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 16, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(16)
        self.fc = nn.Linear(16, n_classes)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 2)
        x = F.relu(self.bn2(self.conv2(x)))
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))


class Learner:
    def __init__(self, model, lr):
        self.model = model
        self.opt = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)

    def train_one_epoch(self, batches):
        self.model.train()
        for img, lab in batches:
            loss = F.cross_entropy(self.model(img), lab)
            self.opt.zero_grad()
            loss.backward()
            self.opt.step()
        return loss.item()

    @torch.no_grad()
    def validate(self, batches):
        hits = total = 0
        for img, lab in batches:
            pred = self.model(img).argmax(dim=1)  # coach: eval-mode-missing; fix: .eval()
            hits += int((pred == lab).sum())
            total += len(lab)
        return hits / total


def toy_images(n_batches, bs):
    out = []
    for _ in range(n_batches):
        lab = torch.randint(0, 2, (bs,))
        img = torch.randn(bs, 1, 8, 8)
        img[:, :, :, 3] += (lab.float() * 3).view(-1, 1, 1)
        out.append((img, lab))
    return out


torch.manual_seed(17)
learn = Learner(SmallCNN(2), lr=0.05)
train_b, valid_b = toy_images(6, 24), toy_images(3, 16)
for e in range(3):
    tl = learn.train_one_epoch(train_b)
    print(f"epoch {e} train_loss={tl:.3f} valid_acc={learn.validate(valid_b):.3f}")
