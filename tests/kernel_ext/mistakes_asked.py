"""What users ask about: mistakes as small notebooks, each with what its card has to say and the fix it must show."""

from __future__ import annotations

from tests.kernel_ext.mistakes import Mistake

__all__ = ["ASKED"]

ASKED = (
    Mistake('conv->linear in Sequential, wrong width', (
            'model = nn.Sequential(nn.Conv2d(1,8,3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8*14*14, 10))',
            'x, y = torch.randn(4,1,28,28), torch.randint(0,10,(4,))\nscores = model(x)\n'
            'loss = F.cross_entropy(scores, y)\nloss.backward()',
            ), 'cell [3] line 2', ((1,), (0,)),
            'model = nn.Sequential(nn.Conv2d(1,8,3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1352, 10))'),
    Mistake('softmax dim 2', (
            'logits = torch.randn(4,3)\np = torch.softmax(logits, dim=2)',
            ), 'cell [2] line 2', ((),),
            'p = torch.softmax(logits, dim=-1)', 'index-out-of-range'),
    Mistake('cat three', (
            'a, b, c = torch.randn(2,3), torch.randn(2,3), torch.randn(3,3)\nx = torch.cat([a,b,c], dim=1)',
            ), 'cell [2] line 2', ((0,), (0,)),
            'x = torch.cat([a,b,c], dim=0)'),
    Mistake('linear double model vs float data', (
            'model = nn.Linear(4,2).double()\nx = torch.randn(3,4)\nloss = model(x).sum()\nloss.backward()',
            ), 'cell [2] line 3', ((), ()),
            'loss = model(x.double()).sum()', 'dtype-mismatch'),
    Mistake('in-place on leaf zero_', (
            'w = torch.randn(3, requires_grad=True)\nw.zero_()\nloss=(w*2).sum()\nloss.backward()',
            ), 'cell [2] line 2', ((),),
            'with torch.no_grad(): w.zero_()', 'changed-in-place'),
    Mistake('backward twice two losses', (
            'w = torch.randn(3, requires_grad=True)\nh = (w**2).exp()\nl1 = h.sum()\nl2 = (h*2).mean()\n'
            'l1.backward()\nl2.backward()',
            ), 'cell [2] line 6', (),
            'l1.backward(retain_graph=True)', 'backward'),
    Mistake('no grad params frozen', (
            'model = nn.Linear(3,1)\nfor p in model.parameters():\n    p.requires_grad = False\n'
            'x = torch.randn(5,3)\nloss = model(x).mean()\nloss.backward()',
            ), 'cell [2] line 6', ((),),
            'p.requires_grad = True', 'backward'),
    Mistake('detach in the middle item()', (
            'w = torch.randn(3, requires_grad=True)\nloss = torch.tensor((w**2).sum().item())\n'
            'loss.backward()',
            ), 'cell [2] line 3', ((),),
            'loss = (w**2).sum()', 'backward'),
    Mistake('grad dtype: int requires grad', (
            'w = torch.tensor([1,2,3], requires_grad=True)\nloss = (w*2).sum()\nloss.backward()',
            ), 'cell [2] line 1', (),
            'w = torch.tensor([1,2,3], requires_grad=True, dtype=torch.float32)', 'value'),
    Mistake('BCE no sigmoid', (
            'model = nn.Linear(4,1)\nx, y = torch.randn(8,4)*10, torch.ones(8,1)\n'
            'loss = F.binary_cross_entropy(model(x), y)\nloss.backward()',
            ), 'cell [2] line 3', ((), ()),
            '', 'value'),
    Mistake('CE with one-hot long', (
            'model = nn.Linear(4,3)\nx, y = torch.randn(8,4), F.one_hot(torch.randint(0,3,(8,)), 3)\n'
            'loss = F.cross_entropy(model(x), y)\nloss.backward()',
            ), 'cell [2] line 3', ((), (1,)),
            'loss = F.cross_entropy(model(x), y.argmax(1))'),
    Mistake('CE args swapped', (
            'model = nn.Linear(4,3)\nx, y = torch.randn(8,4), torch.randint(0,3,(8,))\nscores = model(x)\n'
            'loss = F.cross_entropy(y, scores)\nloss.backward()',
            ), 'cell [2] line 4', ((),),
            'loss = F.cross_entropy(scores, y)', 'value'),
    Mistake('CE int32', (
            'model = nn.Linear(4,3)\nx, y = torch.randn(8,4), torch.randint(0,3,(8,)).int()\n'
            'loss = F.cross_entropy(model(x), y)\nloss.backward()',
            ), 'cell [2] line 3', ((), ()),
            'loss = F.cross_entropy(model(x), y.long())', 'dtype-mismatch'),
    Mistake('CE loss as class', (
            'model = nn.Linear(4,3)\nx, y = torch.randn(8,4), torch.randint(0,3,(8,))\n'
            'loss = nn.CrossEntropyLoss(model(x), y)\nloss.backward()',
            ), 'cell [2] line 3', ((),),
            'loss = nn.CrossEntropyLoss()(model(x), y)', 'value'),
    Mistake('lstm h0 wrong batch', (
            'lstm = nn.LSTM(10, 20, batch_first=True)\nx = torch.randn(8, 5, 10)\n'
            'h0 = torch.zeros(1, 5, 20)\nc0 = torch.zeros(1, 5, 20)\nout, _ = lstm(x, (h0, c0))\n'
            'out.sum().backward()',
            ), 'cell [2] line 5', ((1,), (1,)),
            'h0 = torch.zeros(1, 8, 20)\nc0 = torch.zeros(1, 8, 20)'),
    Mistake('gru hidden layers', (
            'gru = nn.GRU(10, 20, num_layers=2, batch_first=True)\nx = torch.randn(8, 5, 10)\n'
            'h0 = torch.zeros(1, 8, 20)\nout, _ = gru(x, h0)\nout.sum().backward()',
            ), 'cell [2] line 4', ((0,),),
            'h0 = torch.zeros(2, 8, 20)'),
    Mistake('lstm tuple to linear', (
            'lstm = nn.LSTM(10, 20, batch_first=True)\nfc = nn.Linear(20, 2)\nx = torch.randn(8, 5, 10)\n'
            'out = lstm(x)\nloss = fc(out).sum()\nloss.backward()',
            ), 'cell [2] line 5', (),
            'loss = fc(out[0]).sum()', 'value'),
    Mistake('masked_fill wrong mask', (
            's = torch.randn(2, 4, 6, 6)\nmask = torch.zeros(2, 6, dtype=torch.bool)\n'
            "p = s.masked_fill(mask, float('-inf')).softmax(-1)",
            ), 'cell [2] line 3', ((2,), (0,)),
            "p = s.masked_fill(mask[:, None, None, :], float('-inf')).softmax(-1)"),
    Mistake('masked_fill float mask', (
            's = torch.randn(4, 4)\nmask = torch.tril(torch.ones(4, 4))\n'
            "p = s.masked_fill(mask, float('-inf'))",
            ), 'cell [2] line 3', ((), ()),
            "p = s.masked_fill(mask.bool(), float('-inf'))", 'dtype-mismatch'),
    Mistake('sdpa mask', (
            'q = k = v = torch.randn(2, 4, 6, 8)\nmask = torch.ones(2, 6, dtype=torch.bool)\n'
            'o = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)',
            ), 'cell [2] line 3', ((),),
            'o = F.scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None, None, :])'),
    Mistake('state_dict keys module.', (
            'model = nn.Sequential(nn.Linear(4,3))\n'
            "state = {'module.' + k: v for k, v in model.state_dict().items()}",
            'model.load_state_dict(state)',
            ), 'cell [3] line 1', (),
            '', 'unknown-name'),
    Mistake('state_dict shapes', (
            'big = nn.Linear(4, 5)\nmodel = nn.Linear(4, 3)',
            'model.load_state_dict(big.state_dict())',
            ), 'cell [3] line 1', (),
            ''),
    Mistake('device string', (
            "x = torch.randn(3, device='gpu')",
            ), 'cell [2] line 1', (),
            'x = torch.randn(3, device="cuda" if torch.cuda.is_available() else "cpu")', 'value'),
    Mistake('einsum spelling', (
            "a, b = torch.randn(2,3,4), torch.randn(2,5,4)\nc = torch.einsum('bij,bjk->bik', a, b)",
            ), 'cell [2] line 2', ((2,), (1,)),
            "c = torch.einsum('bij,bkj->bik', a, b)"),
    Mistake('einsum wrong count', (
            "a, b = torch.randn(2,3,4), torch.randn(2,4,5)\nc = torch.einsum('ij,jk->ik', a, b)",
            ), 'cell [2] line 2', ((), ()),
            "c = torch.einsum('...ij,...jk->...ik', a, b)"),
    Mistake('einsum output unknown', (
            "a, b = torch.randn(3,4), torch.randn(4,5)\nc = torch.einsum('ij,jk->il', a, b)",
            ), 'cell [2] line 2', ((), ()),
            "c = torch.einsum('ij,jk->ik', a, b)", 'value'),
    Mistake('position embedding too short', (
            'class LM(nn.Module):\n    def __init__(self):\n        super().__init__()\n'
            '        self.tok = nn.Embedding(50, 8)\n        self.pos = nn.Embedding(16, 8)\n'
            '        self.head = nn.Linear(8, 50)\n    def forward(self, ids):\n'
            '        h = self.tok(ids) + self.pos(torch.arange(ids.shape[1]))\n        return self.head(h)',
            'model = LM()\nids = torch.randint(0, 50, (2, 20))\nlogits = model(ids)\n'
            'loss = F.cross_entropy(logits.view(-1, 50), ids.view(-1))\nloss.backward()',
            ), 'cell [2] line 8', ((), (0,)),
            'self.pos = nn.Embedding(20, 8)', 'index-out-of-range'),
    Mistake('embedding negative pad', (
            'emb = nn.Embedding(100, 8)\ntokens = torch.tensor([[5, -1, 2], [1, 2, 3]])\nh = emb(tokens)\n'
            'h.sum().backward()',
            ), 'cell [2] line 3', ((), (0,)),
            '', 'index-out-of-range'),
    Mistake('optimizer wrong arg', (
            'model = nn.Linear(3, 2)\nopt = optim.SGD(model.parameters(), learning_rate=0.1)',
            ), 'cell [2] line 2', (),
            'opt = optim.SGD(model.parameters(), lr=0.1)', 'value'),
    Mistake('optimizer model', (
            'model = nn.Linear(3, 2)\nopt = optim.SGD(model, lr=0.1)',
            ), 'cell [2] line 2', (),
            'opt = optim.SGD(model.parameters(), lr=0.1)', 'value'),
    Mistake('optimizer params call', (
            'model = nn.Linear(3, 2)\nopt = optim.SGD(model.parameters, lr=0.1)',
            ), 'cell [2] line 2', (),
            'opt = optim.SGD(model.parameters(), lr=0.1)', 'value'),
    Mistake('two faults at once', (
            'model = nn.Sequential(nn.Flatten(), nn.Linear(700, 128), nn.ReLU(), nn.Linear(64, 10))',
            'x, y = torch.randn(8, 1, 28, 28), torch.randint(0, 10, (8,))\nscores = model(x)\n'
            'loss = F.cross_entropy(scores, y)\nloss.backward()',
            ), 'cell [3] line 2', ((1,), (0,)),
            'model = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))'),
    Mistake('two faults: dtype and shape', (
            'model = nn.Linear(10, 3)\nx, y = torch.randn(8, 12).double(), torch.randint(0, 3, (8,))\n'
            'scores = model(x)\nloss = F.cross_entropy(scores, y)\nloss.backward()',
            ), 'cell [2] line 3', ((), ()),
            'model = nn.Linear(12, 3)\nscores = model(x.float())', 'dtype-mismatch'),
    Mistake('two faults: width and target float', (
            'model = nn.Linear(10, 3)\nx, y = torch.randn(8, 12), torch.randint(0, 3, (8,)).float()\n'
            'scores = model(x)\nloss = F.cross_entropy(scores, y)\nloss.backward()',
            ), 'cell [2] line 3', ((1,), (0,)),
            'model = nn.Linear(12, 3)\nloss = F.cross_entropy(scores, y.long())'),
    Mistake('ModuleList comprehension', (
            'class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n'
            '        self.layers = nn.ModuleList([nn.Linear(16, 32) for _ in range(3)])\n'
            '        self.out = nn.Linear(32, 2)\n    def forward(self, x):\n'
            '        for layer in self.layers:\n            x = F.relu(layer(x))\n'
            '        return self.out(x)',
            'model = Net()\nx, y = torch.randn(4, 16), torch.randint(0, 2, (4,))\nscores = model(x)\n'
            'loss = F.cross_entropy(scores, y)\nloss.backward()',
            ), 'cell [2] line 8', ((1,), (0,)),
            'self.layers = nn.ModuleList([nn.Linear(16, 16) for _ in range(3)])\nself.out = nn.Linear(16, 2)'),
    Mistake('heads comprehension', (
            'heads = nn.ModuleList([nn.Linear(10, 3) for _ in range(2)])\nx = torch.randn(4, 8)\n'
            'outs = [h(x) for h in heads]\nloss = sum(o.mean() for o in outs)\nloss.backward()',
            ), 'cell [2] line 3', ((1,), (0,)),
            'heads = nn.ModuleList([nn.Linear(8, 3) for _ in range(2)])'),
    Mistake('Sequential star zip', (
            'sizes = [784, 128, 10]\n'
            'model = nn.Sequential(*[nn.Linear(i, o) for i, o in zip(sizes, sizes[1:])])\n'
            'x, y = torch.randn(8, 700), torch.randint(0, 10, (8,))\nscores = model(x)\n'
            'loss = F.cross_entropy(scores, y)\nloss.backward()',
            ), 'cell [2] line 4', ((1,), (0,)),
            ''),
    Mistake('Sequential star const', (
            'model = nn.Sequential(nn.Linear(8, 16), *[nn.Linear(20, 20) for _ in range(2)], nn.Linear(20, 3))\n'
            'x, y = torch.randn(8, 8), torch.randint(0, 3, (8,))\nscores = model(x)\n'
            'loss = F.cross_entropy(scores, y)\nloss.backward()',
            ), 'cell [2] line 3', ((1,), (0,)),
            'model = nn.Sequential(nn.Linear(8, 20), *[nn.Linear(20, 20) for _ in range(2)], nn.Linear(20, 3))'),
    Mistake('Sequential list', (
            'model = nn.Sequential([nn.Linear(4, 3), nn.ReLU()])',
            ), 'cell [2] line 1', (),
            'model = nn.Sequential(*[nn.Linear(4, 3), nn.ReLU()])', 'value'),
    Mistake('typo torch.foo', (
            'x = torch.randn(3)\ny = torch.sigmod(x)',
            ), 'cell [2] line 2', (),
            'y = torch.sigmoid(x)', 'unknown-name'),
    Mistake('typo nn', (
            'layer = nn.Conv2D(1, 2, 3)',
            ), 'cell [2] line 1', (),
            'layer = nn.Conv2d(1, 2, 3)', 'unknown-name'),
    Mistake('typo F', (
            'x = torch.randn(3)\ny = F.rellu(x)',
            ), 'cell [2] line 2', (),
            'y = F.relu(x)', 'unknown-name'),
    Mistake('typo method', (
            'x = torch.randn(3)\ny = x.sqaure()',
            ), 'cell [2] line 2', (),
            'y = x.square()', 'unknown-name'),
    Mistake('loss.backwards', (
            'w = torch.randn(3, requires_grad=True)\nloss = (w**2).sum()\nloss.backwards()',
            ), 'cell [2] line 3', (),
            '', 'unknown-name'),
    Mistake('opt.zerograd', (
            'model = nn.Linear(3, 2)\nopt = optim.SGD(model.parameters(), lr=0.1)\nopt.zerograd()',
            ), 'cell [2] line 3', (),
            'opt.zero_grad()', 'unknown-name'),
    Mistake('transpose dims', (
            'x = torch.randn(2, 3)\ny = x.transpose(1, 2)',
            ), 'cell [2] line 2', ((),),
            'y = x.transpose(1, 0)', 'index-out-of-range'),
    Mistake('index float', (
            'x = torch.randn(5)\ni = torch.tensor([0., 2.])\ny = x[i]',
            ), 'cell [2] line 3', ((), ()),
            'y = x[i.long()]', 'index-out-of-range'),
    Mistake('bmm 2d', (
            'a, b = torch.randn(2,3), torch.randn(3,4)\nc = torch.bmm(a, b)',
            ), 'cell [2] line 2', ((), ()),
            ''),
    Mistake('mm 3d', (
            'a, b = torch.randn(2,3,4), torch.randn(4,5)\nc = torch.mm(a, b)',
            ), 'cell [2] line 2', ((), ()),
            ''),
    Mistake('broadcast add assign', (
            'x = torch.zeros(3)\nx += torch.ones(2, 3)',
            ), 'cell [2] line 2', ((), ()),
            'x = x + torch.ones(2, 3)'),
    Mistake('numpy of requires_grad plot', (
            'import numpy as np\nmodel = nn.Linear(1, 1)\nx = torch.randn(5, 1)\ny = np.asarray(model(x))',
            ), 'cell [2] line 4', ((),),
            'y = np.asarray(model(x).detach())', 'value'),
    Mistake('tensor of tensors list', (
            'xs = [torch.randn(3), torch.randn(3)]\nx = torch.tensor(xs)',
            ), 'cell [2] line 2', ((), ()),
            'x = torch.stack(xs)', 'value'),
    Mistake('vae decoder chunk', (
            'enc = nn.Linear(10, 7)\nx = torch.randn(3, 10)\nmu, logvar = enc(x).chunk(2, dim=1)\n'
            'z = mu + (0.5*logvar).exp()\nloss = z.sum()\nloss.backward()',
            ), 'cell [2] line 4', ((1,), (1,)),
            ''),
    Mistake('dice kwargs', (
            'x = torch.randn(3, 4)\ny = x.sum(axes=1)',
            ), 'cell [2] line 2', (),
            'y = x.sum(dim=1)', 'value'),
    Mistake('scheduler arg', (
            'model = nn.Linear(3, 2)\nopt = optim.SGD(model.parameters(), lr=0.1)\n'
            's = optim.lr_scheduler.StepLR(opt, gamma=0.5)',
            ), 'cell [2] line 3', (),
            '', 'value'),
    Mistake('bn after linear 2d', (
            'model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm2d(8), nn.ReLU())\nx = torch.randn(5, 4)\n'
            'loss = model(x).sum()\nloss.backward()',
            ), 'cell [2] line 3', ((),),
            'model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU())'),
    Mistake('lstm batch first confusion', (
            'lstm = nn.LSTM(10, 20)\nfc = nn.Linear(20, 2)\nx = torch.randn(8, 5, 10)\n'
            'y = torch.randint(0, 2, (8,))\nout, (h, c) = lstm(x)\nloss = F.cross_entropy(fc(out[-1]), y)\n'
            'loss.backward()',
            ), 'cell [2] line 6', ((0,), (0,)),
            'out, (h, c) = lstm(x.transpose(0, 1))'),
    Mistake('attn mask shape', (
            'mha = nn.MultiheadAttention(8, 2, batch_first=True)\nx = torch.randn(3, 5, 8)\n'
            'mask = torch.ones(3, 5, dtype=torch.bool)\nout, _ = mha(x, x, x, attn_mask=mask)\n'
            'out.sum().backward()',
            ), 'cell [2] line 4', ((0,),),
            'out, _ = mha(x, x, x, key_padding_mask=mask)'),
    Mistake('key padding mask shape', (
            'mha = nn.MultiheadAttention(8, 2, batch_first=True)\nx = torch.randn(3, 5, 8)\n'
            'mask = torch.zeros(5, 3, dtype=torch.bool)\nout, _ = mha(x, x, x, key_padding_mask=mask)\n'
            'out.sum().backward()',
            ), 'cell [2] line 4', ((0, 1),),
            'out, _ = mha(x, x, x, key_padding_mask=mask.T)'),
)  # fmt: skip
