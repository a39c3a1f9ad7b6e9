import argparse

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, Dataset

parser = argparse.ArgumentParser(description="few-shot feature classifier")
parser.add_argument("--classes", type=int, default=7)
parser.add_argument("--dim", type=int, default=32)
parser.add_argument("--smoothing", type=float, default=0.05)
parser.add_argument("--lr", type=float, default=3e-3)
parser.add_argument("--epochs", type=int, default=6)


class Features(Dataset):
    def __init__(self, classes, dim, per_class=64):
        self.labels = torch.arange(classes).repeat_interleave(per_class)
        means = torch.randn(classes, dim)
        feats = means[self.labels] + torch.randn(len(self.labels), dim)
        self.feats = (feats - feats.mean(0)) / feats.std(0)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return self.feats[i], self.labels[i]


class ResidualMLP(nn.Module):
    def __init__(self, dim, classes, depth=2):
        super().__init__()
        self.layers = nn.ModuleList([nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, dim), nn.GELU()) for _ in range(depth)])
        self.classifier = nn.Linear(dim, classes)

    def forward(self, x):
        for layer in self.layers:
            x = x + layer(x)
        return torch.softmax(self.classifier(x), dim=-1)  # coach: softmax-before-cross-entropy; fix: return self.classifier(x)


def build_criterion(args):
    return nn.CrossEntropyLoss(label_smoothing=args.smoothing)


def main(argv=None):
    args = parser.parse_args(argv)
    torch.manual_seed(27)
    loader = DataLoader(Features(args.classes, args.dim), batch_size=64, shuffle=True)
    model = ResidualMLP(args.dim, args.classes)
    criterion = build_criterion(args)
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=0.01)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.9)
    for epoch in range(args.epochs):
        model.train()
        total = 0.0
        for feats, labels in loader:
            probs = model(feats)
            loss = criterion(probs, labels)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(labels)
        scheduler.step()
        print(f"epoch {epoch}: loss {total / len(loader.dataset):.4f}")


main([])
