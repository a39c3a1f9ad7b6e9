import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

torch.manual_seed(11)
CFG = dict(n_classes=5, width=24, steps=25, lr=3e-3, batch=40)


class ConvClassifier(nn.Module):
    def __init__(self, width, n_classes):
        super().__init__()
        self.conv = nn.Conv2d(1, width, 3, padding=1)
        self.head = nn.Linear(width, n_classes)

    def forward(self, img):
        h = F.relu(self.conv(img))
        return self.head(h.mean(dim=(2, 3)))


def get_batch(bs):
    labels = torch.randint(0, CFG["n_classes"], (bs,))
    imgs = torch.randn(bs, 1, 8, 8)
    for i in range(bs):
        imgs[i, 0, :, labels[i].item()] += 2.0
    return imgs, labels


model = ConvClassifier(CFG["width"], CFG["n_classes"])
optimizer = torch.optim.AdamW(model.parameters(), lr=CFG["lr"])
model.train()
for step in range(CFG["steps"]):
    imgs, labels = get_batch(CFG["batch"])
    optimizer.zero_grad()
    loss = F.cross_entropy(model(imgs), labels)
    loss.backward()  # coach: optimizer-call-order; fix: optimizer.step()
    if step % 5 == 0:
        print(f"step {step}: {loss.item():.4f}")
# coach-also: loss-plateau, stale-optimizer, update-ratio-low
